// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.schema.KindDefinition.FieldError;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Pruning, defaulting and validation by a schema, as Kubernetes does it. */
class StructuralSchemaTest {

    private static StructuralSchema spec(String properties) {
        return StructuralSchema.read(
                Samples.json(
                        "{'type':'object','properties':{'spec':{'type':'object','properties':{"
                                + properties
                                + "}}}}"));
    }

    private static List<String> wrong(StructuralSchema schema, String spec) {
        return wrong(schema, spec, null);
    }

    private static List<String> wrong(StructuralSchema schema, String spec, String before) {
        Errors errors = new Errors();
        new StructuralValidation(errors)
                .check(
                        Samples.json("{'spec':" + spec + "}"),
                        before == null ? null : Samples.json("{'spec':" + before + "}"),
                        schema,
                        "");
        return errors.list().stream().map(StructuralSchemaTest::text).toList();
    }

    private static String text(FieldError error) {
        return error.field() + ": " + error.message();
    }

    private static JsonObject pruned(StructuralSchema schema, String object) {
        return new StructuralPruning().object(Samples.json(object), schema);
    }

    private static JsonObject filledIn(StructuralSchema schema, String object) {
        return StructuralDefaults.filledIn(Samples.json(object), schema);
    }

    @Test
    void saysWhatIsWrongInTheWordsOfKubernetes() {
        StructuralSchema schema =
                spec(
                        """
                        'size':{'type':'integer','minimum':1,'maximum':5},
                        'color':{'type':'string','enum':['red','blue']},
                        'name':{'type':'string','pattern':'^[a-z]+$','maxLength':5,'minLength':2},
                        'tags':{'type':'array','maxItems':2,'items':{'type':'string'}},
                        'port':{'x-kubernetes-int-or-string':true},
                        'at':{'type':'string','format':'date-time'}
                        """);
        assertThat(wrong(schema, "{'size':'x'}"))
                .containsExactly(
                        "spec.size: Invalid value: \"string\": spec.size in body must be of type"
                                + " integer: \"string\"");
        assertThat(wrong(schema, "{'size':9}"))
                .containsExactly(
                        "spec.size: Invalid value: 9: spec.size in body should be less than or"
                                + " equal to 5");
        assertThat(wrong(schema, "{'color':'green'}"))
                .containsExactly(
                        "spec.color: Unsupported value: \"green\": supported values: \"red\","
                                + " \"blue\"");
        assertThat(wrong(schema, "{'name':'A'}"))
                .containsExactly(
                        "spec.name: Invalid value: \"A\": spec.name in body should be at least 2"
                                + " chars long",
                        "spec.name: Invalid value: \"A\": spec.name in body should match"
                                + " '^[a-z]+$'");
        assertThat(wrong(schema, "{'name':'abcdef'}"))
                .containsExactly("spec.name: Too long: may not be more than 5 bytes");
        assertThat(wrong(schema, "{'tags':['a','b','c']}"))
                .containsExactly("spec.tags: Too many: 3: must have at most 2 items");
        assertThat(wrong(schema, "{'tags':['a',2]}"))
                .containsExactly(
                        "spec.tags[1]: Invalid value: \"integer\": spec.tags[1] in body must be of"
                                + " type string: \"integer\"");
        assertThat(wrong(schema, "{'port':'http'}")).isEmpty();
        assertThat(wrong(schema, "{'port':true}"))
                .containsExactly(
                        "spec.port: Invalid value: \"boolean\": spec.port in body must be of type"
                                + " integer,string: \"boolean\"");
        assertThat(wrong(schema, "{'at':'noon'}"))
                .containsExactly(
                        "spec.at: Invalid value: \"noon\": spec.at in body must be of type"
                                + " date-time: \"noon\"");
        assertThat(wrong(schema, "{'size':3,'at':'2026-01-01T00:00:00Z','color':'red'}")).isEmpty();
    }

    @Test
    void requiredFieldsAreNamedWhereTheyAreMissing() {
        StructuralSchema schema =
                StructuralSchema.read(
                        Samples.json(
                                """
                                {'type':'object','required':['spec'],'properties':{'spec':{
                                  'type':'object','required':['size'],
                                  'properties':{'size':{'type':'integer'}}}}}
                                """));
        Errors errors = new Errors();
        new StructuralValidation(errors).check(Samples.json("{}"), null, schema, "");
        assertThat(errors.list()).extracting(FieldError::field).containsExactly("spec");
        assertThat(wrong(schema, "{}")).containsExactly("spec.size: Required value");
    }

    @Test
    void junctorsAreCheckedAndExplained() {
        StructuralSchema schema =
                StructuralSchema.read(
                        Samples.json(
                                """
                                {'type':'object','properties':{'spec':{'type':'object',
                                  'properties':{'a':{'type':'integer'},'b':{'type':'integer'}},
                                  'oneOf':[{'required':['a']},{'required':['b']}],
                                  'not':{'properties':{'a':{'enum':[13]}},'required':['a']}}}}
                                """));
        assertThat(wrong(schema, "{'a':1}")).isEmpty();
        assertThat(wrong(schema, "{}"))
                .contains(
                        "spec: Invalid value: \"\": \"spec\" must validate one and only one schema"
                                + " (oneOf). Found none valid");
        assertThat(wrong(schema, "{'a':1,'b':2}"))
                .containsExactly(
                        "spec: Invalid value: \"\": \"spec\" must validate one and only one schema"
                                + " (oneOf). Found 2 valid alternatives");
        assertThat(wrong(schema, "{'a':13}"))
                .containsExactly(
                        "spec: Invalid value: \"\": \"spec\" must not validate the schema (not)");
    }

    @Test
    void listsThatAreSetsOrMapsHaveNoItemTwice() {
        StructuralSchema schema =
                spec(
                        """
                        'set':{'type':'array','x-kubernetes-list-type':'set',
                          'items':{'type':'string'}},
                        'map':{'type':'array','x-kubernetes-list-type':'map',
                          'x-kubernetes-list-map-keys':['name'],
                          'items':{'type':'object','required':['name'],
                            'properties':{'name':{'type':'string'},'v':{'type':'integer'}}}}
                        """);
        assertThat(wrong(schema, "{'set':['a','b','a']}"))
                .containsExactly("spec.set[2]: Duplicate value: \"a\"");
        assertThat(wrong(schema, "{'map':[{'name':'a','v':1},{'name':'a','v':2}]}"))
                .containsExactly("spec.map[1]: Duplicate value: {\"name\":\"a\"}");
    }

    @Test
    void whatAReplacementLeavesAsItWasIsNotJudgedAgain() {
        StructuralSchema schema =
                spec("'size':{'type':'integer','maximum':5},'name':{'type':'string'}");
        assertThat(wrong(schema, "{'size':9,'name':'b'}", "{'size':9,'name':'a'}")).isEmpty();
        assertThat(wrong(schema, "{'size':8}", "{'size':9}")).hasSize(1);
    }

    @Test
    void unknownFieldsArePrunedUnlessTheyArePreserved() {
        StructuralSchema schema =
                spec(
                        """
                        'known':{'type':'string'},
                        'free':{'type':'object','x-kubernetes-preserve-unknown-fields':true,
                          'properties':{'typed':{'type':'object',
                            'properties':{'a':{'type':'string'}}}}},
                        'map':{'type':'object','additionalProperties':{'type':'object',
                          'properties':{'a':{'type':'string'}}}},
                        'embedded':{'type':'object','x-kubernetes-embedded-resource':true,
                          'properties':{'spec':{'type':'object'}}}
                        """);
        JsonObject kept =
                pruned(
                        schema,
                        """
                        {'apiVersion':'v','kind':'K','metadata':{'name':'n'},'other':1,
                         'spec':{'known':'x','unknown':1,
                          'free':{'any':{'thing':1},'typed':{'a':'1','b':'2'}},
                          'map':{'k':{'a':'1','b':'2'}},
                          'embedded':{'apiVersion':'v1','kind':'Pod','metadata':{'x':1},'y':2}}}
                        """);
        assertThat(kept)
                .isEqualTo(
                        Samples.json(
                                """
                                {'apiVersion':'v','kind':'K','metadata':{'name':'n'},
                                 'spec':{'known':'x',
                                  'free':{'any':{'thing':1},'typed':{'a':'1'}},
                                  'map':{'k':{'a':'1'}},
                                  'embedded':{'apiVersion':'v1','kind':'Pod','metadata':{'x':1}}}}
                                """));
    }

    @Test
    void defaultsAreFilledInAndNullsGiveWay() {
        StructuralSchema schema =
                spec(
                        """
                        'size':{'type':'integer','default':3},
                        'deep':{'type':'object','default':{},'properties':{
                          'a':{'type':'string','default':'x'}}},
                        'opt':{'type':'string'},
                        'may':{'type':'string','nullable':true},
                        'items':{'type':'array','items':{'type':'object','properties':{
                          'on':{'type':'boolean','default':true}}}}
                        """);
        assertThat(
                        filledIn(
                                schema,
                                "{'spec':{'size':null,'opt':null,'may':null,'items':[{},{'on':false}]}}"))
                .isEqualTo(
                        Samples.json(
                                "{'spec':{'size':3,'may':null,'items':[{'on':true},{'on':false}],"
                                        + "'deep':{'a':'x'}}}"));
        assertThat(filledIn(schema, "{}")).isEqualTo(JsonObject.EMPTY);
    }

    @Test
    void aPatternThatCatastrophicallyBacktracksEndsSoon() {
        BoundedPattern pattern = BoundedPattern.compile("^(a+)+$");
        Assertions.assertTimeout(
                Duration.ofSeconds(5),
                () -> assertThat(pattern.matches("a".repeat(60) + "b")).isFalse());
        assertThat(pattern.matches("aaa")).isTrue();
        BoundedPattern nested = BoundedPattern.compile("^(a|b)*$");
        Assertions.assertTimeout(Duration.ofSeconds(5), () -> nested.matches("ab".repeat(100_000)));
    }

    @Test
    void patternsAreThoseOfKubernetesNotThoseOfJava() {
        assertThat(BoundedPattern.compile("^[[:alpha:]_]+$").matches("ab_c")).isTrue();
        assertThat(BoundedPattern.compile("^[[:^digit:]]+$").matches("a1")).isFalse();
        assertThat(BoundedPattern.compile("^(?P<year>\\d{4})$").matches("2026")).isTrue();
        for (String perl : List.of("(?=a)b", "(?<!a)b", "(a)\\1", "a++", "(", "[a")) {
            assertThatThrownBy(() -> BoundedPattern.compile(perl))
                    .as(perl)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void formatsAreChecked() {
        assertThat(StringFormats.isOf("ipv4", "10.0.0.1")).isTrue();
        assertThat(StringFormats.isOf("ipv4", "10.0.0.256")).isFalse();
        assertThat(StringFormats.isOf("ipv6", "fe80::1")).isTrue();
        assertThat(StringFormats.isOf("ipv6", "::ffff:10.0.0.1")).isTrue();
        assertThat(StringFormats.isOf("ipv6", "1:2:3")).isFalse();
        assertThat(StringFormats.isOf("cidr", "10.0.0.0/8")).isTrue();
        assertThat(StringFormats.isOf("cidr", "10.0.0.0/33")).isFalse();
        assertThat(StringFormats.isOf("uuid", "123e4567-e89b-12d3-a456-426614174000")).isTrue();
        assertThat(StringFormats.isOf("duration", "1h30m")).isTrue();
        assertThat(StringFormats.isOf("duration", "soon")).isFalse();
        assertThat(StringFormats.isOf("date", "2026-02-30")).isFalse();
        assertThat(StringFormats.isOf("hostname", "a.example")).isTrue();
        assertThat(StringFormats.isOf("unheard-of", "anything")).isTrue();
    }

    @Test
    void columnsReadTheirPaths() {
        JsonObject object =
                Samples.json(
                        """
                        {'spec':{'n':3,'list':[{'name':'a'},{'name':'b'}]},
                         'metadata':{'annotations':{'example.com/x':'y'}},
                         'status':{'conditions':[{'type':'A','status':'True'},
                           {'type':'Ready','status':'False'}]}}
                        """);
        assertThat(text(object, ".spec.n")).containsExactly("3");
        assertThat(text(object, ".spec.list[*].name")).containsExactly("a", "b");
        assertThat(text(object, ".spec.list[-1].name")).containsExactly("b");
        assertThat(text(object, ".status.conditions[?(@.type==\"Ready\")].status"))
                .containsExactly("False");
        assertThat(text(object, ".metadata.annotations.example\\.com/x")).containsExactly("y");
        assertThat(text(object, ".metadata.annotations['example.com/x']")).containsExactly("y");
        assertThat(text(object, ".nowhere[3].x")).isEmpty();
        for (String bad : List.of("spec", ".a..b", ".a[", ".a[?(@.b<1)]", ".a.")) {
            assertThatThrownBy(() -> JsonPath.parse(bad))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static List<String> text(JsonObject object, String path) {
        return JsonPath.parse(path).find(object).stream().map(JsonPath::text).toList();
    }
}
