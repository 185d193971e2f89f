// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a CustomResourceDefinition may be, and what is said of others. */
class DefinitionRulesTest {
    private static final KindDefinition KIND =
            Samples.kind(ResourceType.CUSTOM_RESOURCE_DEFINITIONS);

    private static KubeObject definition(String schema) {
        return Samples.object(
                """
                {'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition',
                 'metadata':{'name':'widgets.example.com'},
                 'spec':{'group':'example.com','scope':'Namespaced',
                  'names':{'plural':'widgets','kind':'Widget'},
                  'versions':[{'name':'v1','served':true,'storage':true,
                   'schema':{'openAPIV3Schema':%s}}]}}
                """
                        .formatted(schema));
    }

    private static KubeObject good() {
        return definition("{'type':'object','properties':{'spec':{'type':'object'}}}");
    }

    private static List<String> wrong(KubeObject definition) {
        return KIND.validateCreate(KIND.withDefaults(definition)).stream()
                .map(error -> error.field() + ": " + error.message())
                .toList();
    }

    @Test
    void aGoodOneIsCompletedAndAccepted() {
        KubeObject full = KIND.withDefaults(good());
        assertThat(full.spec().object("names"))
                .isEqualTo(
                        Samples.json(
                                "{'plural':'widgets','kind':'Widget','singular':'widget',"
                                        + "'listKind':'WidgetList'}"));
        assertThat(full.spec().text("conversion", "strategy")).isEqualTo("None");
        assertThat(full.status().array("storedVersions").strings()).containsExactly("v1");
        assertThat(KIND.validateCreate(full)).isEmpty();
    }

    @Test
    void nameGroupAndVersionsMustFit() {
        assertThat(wrong(good().withMetadata("name", Json.of("gadgets.example.com"))))
                .containsExactly(
                        "metadata.name: Invalid value: \"gadgets.example.com\": must be"
                                + " spec.names.plural+\".\"+spec.group");
        assertThat(wrong(good().withSpec(good().spec().with("group", "example"))))
                .contains(
                        "spec.group: Invalid value: \"example\": should be a domain with at least"
                                + " one dot");
        KubeObject none =
                good().withSpec(good().spec().with("versions", dev.wayside.model.JsonArray.EMPTY));
        assertThat(wrong(none))
                .anyMatch(
                        text ->
                                text.endsWith(
                                        "must have exactly one version marked as storage version"));
        assertThat(wrong(good().withSpec(good().spec().with("scope", "Galaxy"))))
                .containsExactly(
                        "spec.scope: Unsupported value: \"Galaxy\": supported values: \"Cluster\","
                                + " \"Namespaced\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'properties':{'a':{'type':'string'}}} | .type: Required value: must not be empty"
                        + " at the root",
                "{'type':'string'} | .type: Invalid value: \"string\": must be object at the root",
                "{'type':'object','properties':{'a':{}}} | .properties[a].type: Required value:"
                        + " must not be empty for specified object fields",
                "{'type':'object','properties':{'a':{'type':'array','items':{}}}} |"
                    + " .properties[a].items.type: Required value: must not be empty for specified"
                    + " array items",
                "{'type':'object','properties':{'a':{'type':'array'}}} | .properties[a].items:"
                        + " Required value: must be specified",
                "{'type':'object','properties':{'a':{'type':'object','properties':{'b':{'type':'string'}},'additionalProperties':{'type':'string'}}}}"
                    + " | .properties[a].additionalProperties: Forbidden: additionalProperties and"
                    + " properties are mutual exclusive",
                "{'type':'object','properties':{'a':{'type':'object','additionalProperties':false}}}"
                    + " | .properties[a].additionalProperties: Forbidden: additionalProperties"
                    + " cannot be set to false",
                "{'type':'object','properties':{'a':{'type':'array','uniqueItems':true,'items':{'type':'string'}}}}"
                    + " | .properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true"
                    + " since the runtime complexity becomes quadratic",
                "{'type':'object','anyOf':[{'properties':{'b':{'minimum':1}}}]} | .properties[b]:"
                        + " Required value: because it is defined in"
                        + " spec.versions[0].schema.openAPIV3Schema.anyOf[0].properties[b]",
                "{'type':'object','properties':{'b':{'type':'integer'}},'anyOf':[{'properties':{'b':{'type':'integer'}}}]}"
                    + " | .anyOf[0].properties[b].type: Forbidden: must be empty to be structural",
                "{'type':'object','properties':{'metadata':{'type':'object','properties':{'labels':{'type':'object'}}}}}"
                    + " | .properties[metadata]: Forbidden: must not specify anything other than"
                    + " name and generateName, but metadata is implicitly specified",
                "{'type':'object','properties':{'a':{'type':'string','pattern':'('}}} |"
                        + " .properties[a].pattern: Invalid value: \"(\": must be a valid regular"
                        + " expression, but isn't: Unclosed group",
                "{'type':'object','properties':{'a':{'type':'string','default':1}}} |"
                    + " .properties[a].default: Invalid value: \"integer\":"
                    + " spec.versions[0].schema.openAPIV3Schema.properties[a].default in body must"
                    + " be of type string: \"integer\"",
                "{'type':'object','properties':{'a':{'type':'array','x-kubernetes-list-type':'map','items':{'type':'object','properties':{'n':{'type':'string'}}}}}}"
                    + " | .properties[a].x-kubernetes-list-map-keys: Required value: must not be"
                    + " empty if x-kubernetes-list-type is map",
                "{'type':'object','properties':{'a':{'$ref':'#/x','type':'string'}}} |"
                        + " .properties[a].$ref: Forbidden: $ref is not supported",
            })
    void schemasMustBeStructural(String schema, String message) {
        assertThat(wrong(definition(schema)))
                .containsExactly("spec.versions[0].schema.openAPIV3Schema" + message);
    }

    @Test
    void whatIntOrStringIsUsuallyWrittenAsIsAccepted() {
        assertThat(
                        wrong(
                                definition(
                                        "{'type':'object','properties':{'p':{"
                                                + "'x-kubernetes-int-or-string':true,'anyOf':["
                                                + "{'type':'integer'},{'type':'string'}]}}}")))
                .isEmpty();
    }

    @Test
    void schemasAreBoundedInDepthAndSize() {
        StringBuilder deep = new StringBuilder();
        for (int i = 0; i < 70; i++) {
            deep.append("{'type':'object','properties':{'a':");
        }
        deep.append("{'type':'string'}").append("}}".repeat(70));
        assertThat(wrong(definition(deep.toString())))
                .anyMatch(text -> text.contains("nested more than 60 deep"));
        StringBuilder wide = new StringBuilder("{'type':'object','properties':{'x':");
        wide.append("{'type':'object','properties':{");
        for (int i = 0; i < 20_001; i++) {
            wide.append("'a").append(i).append("':{'type':'string'},");
        }
        wide.append("'z':{'type':'string'}}}}}");
        assertThat(wrong(definition(wide.toString())))
                .anyMatch(text -> text.contains("more than 20000 places"));
    }

    @Test
    void groupAndPluralNeverChangeAndScopeAndKindNotOnceTheKindIsServed() {
        KubeObject before = KIND.withDefaults(good());
        KubeObject other =
                KIND.withDefaults(good().withSpec(before.spec().with("scope", "Cluster")));
        assertThat(KIND.validateUpdate(before, other, "")).isEmpty();
        KubeObject served =
                before.withStatus(
                        before.status()
                                .with(
                                        "conditions",
                                        Samples.json(
                                                        "{'c':[{'type':'Established','status':'True'}]}")
                                                .array("c")));
        assertThat(KIND.validateUpdate(served, other, ""))
                .extracting(KindDefinition.FieldError::field)
                .containsExactly("spec.scope");
    }

    @Test
    void protectedGroupsNeedAnApproval() {
        JsonObject spec = good().spec().with("group", "x.k8s.io");
        KubeObject guarded =
                good().withSpec(spec).withMetadata("name", Json.of("widgets.x.k8s.io"));
        assertThat(wrong(guarded))
                .singleElement()
                .asString()
                .startsWith("metadata.annotations[api-approved.kubernetes.io]: Required value");
    }

    @Test
    void strictDecodingSeesUnknownFieldsAtAnyDepth() {
        assertThat(
                        KIND.unknownFields(
                                definition(
                                                "{'type':'object','properties':{'a':{'typ':'string',"
                                                    + "'additionalProperties':{'tpye':'x'}}}}")
                                        .json()))
                .containsExactly(
                        "unknown field"
                                + " \"spec.versions[0].schema.openAPIV3Schema.properties.a.typ\"",
                        "unknown field"
                            + " \"spec.versions[0].schema.openAPIV3Schema.properties.a.additionalProperties.tpye\"");
        assertThat(
                        KIND.wrongType(
                                definition(
                                                "{'type':'object','properties':{'a':{'type':'object',"
                                                    + "'additionalProperties':true}}}")
                                        .json()))
                .isEmpty();
    }

    @Test
    void rulesThatNobodyChecksAreToldToWhoBringsThem() {
        KubeObject definition =
                definition(
                        "{'type':'object','x-kubernetes-validations':[{'rule':'self.a > 1'}],"
                                + "'properties':{'a':{'type':'integer'}}}");
        assertThat(wrong(definition)).isEmpty();
        assertThat(KIND.warnings(definition))
                .singleElement()
                .asString()
                .contains("1 x-kubernetes-validations rules are kept but not checked");
    }
}
