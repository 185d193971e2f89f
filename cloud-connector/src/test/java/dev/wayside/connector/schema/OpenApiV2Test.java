// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenApiV2Test {
    private static final String DEPLOYMENT = "io.k8s.api.apps.v1.Deployment";

    private final JsonObject document = OpenApiV2.document(Samples.KINDS);
    private final JsonObject definitions = document.object("definitions");

    @Test
    void everyReferenceLeadsSomewhere() {
        List<String> references = new ArrayList<>();
        collect(document, references);
        assertThat(references).hasSizeGreaterThan(500);
        assertThat(references)
                .allSatisfy(
                        reference -> {
                            assertThat(reference).startsWith("#/definitions/");
                            assertThat(definitions.has(reference.substring(14))).isTrue();
                        });
    }

    private static void collect(Json json, List<String> references) {
        if (json instanceof JsonObject object) {
            object.members()
                    .forEach(
                            (name, value) -> {
                                if (name.equals("$ref") && value instanceof JsonString text) {
                                    references.add(text.value());
                                }
                                collect(value, references);
                            });
        } else if (json instanceof JsonArray array) {
            array.forEach(each -> collect(each, references));
        }
    }

    @Test
    void kindsAreFoundByTheirNames() {
        assertThat(
                        definitions
                                .object(DEPLOYMENT)
                                .array("x-kubernetes-group-version-kind")
                                .objects())
                .containsExactly(
                        Samples.json("{'group':'apps','kind':'Deployment','version':'v1'}"));
        assertThat(definitions.object(DEPLOYMENT, "properties", "spec").text("$ref"))
                .isEqualTo("#/definitions/io.k8s.api.apps.v1.DeploymentSpec");
        assertThat(
                        definitions
                                .object("io.k8s.api.core.v1.PodSpec", "properties", "containers")
                                .without("description"))
                .isEqualTo(
                        Samples.json(
                                "{'type':'array','items':{'$ref':"
                                        + "'#/definitions/io.k8s.api.core.v1.Container'},"
                                        + "'x-kubernetes-patch-merge-key':'name',"
                                        + "'x-kubernetes-patch-strategy':'merge'}"));
    }

    @Test
    void aPatchSaysThatItCanBeTried() {
        JsonObject patch =
                document.object(
                        "paths",
                        "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
                        "patch");
        assertThat(patch.text("x-kubernetes-group-version-kind", "kind")).isEqualTo("Deployment");
        assertThat(patch.array("consumes").strings())
                .contains("application/strategic-merge-patch+json");
        assertThat(patch.array("parameters").objects())
                .contains(
                        (JsonObject)
                                Samples.json("{'name':'dryRun','in':'query','type':'string'}"));
    }

    @Test
    void whatVersion2CannotSayIsLeftOpen() {
        assertThat(
                        v2(
                                "{'type':'object','x-kubernetes-preserve-unknown-fields':true,"
                                    + "'properties':{'a':{'type':'string'}},'description':'d'}"))
                .isEqualTo(
                        Samples.json(
                                "{'x-kubernetes-preserve-unknown-fields':true,'type':'object',"
                                        + "'description':'d'}"));
        assertThat(v2("{'type':'string','nullable':true}")).isEqualTo(JsonObject.EMPTY);
        assertThat(
                        v2(
                                "{'x-kubernetes-int-or-string':true,'anyOf':[{'type':'integer'},"
                                        + "{'type':'string'}]}"))
                .isEqualTo(Samples.json("{'x-kubernetes-int-or-string':true}"));
        assertThat(v2("{'type':'array'}")).isEqualTo(Samples.json("{'type':'array','items':{}}"));
        assertThat(v2("{'type':'object','not':{'required':['a']},'minProperties':1}"))
                .isEqualTo(Samples.json("{'type':'object','minProperties':1}"));
        assertThat(definitions.object("io.k8s.apimachinery.pkg.util.intstr.IntOrString"))
                .isEqualTo(Samples.json("{'type':'string','format':'int-or-string'}"));
    }

    private static JsonObject v2(String v3) {
        return OpenApiV2.schema((JsonObject) Samples.json(v3));
    }

    @Test
    void theProtobufIsTheSameForTheSameDocument() {
        byte[] bytes = OpenApiV2Protobuf.encode(document);
        assertThat(bytes).isEqualTo(OpenApiV2Protobuf.encode(document));
        // Document: swagger is field 1, info 2 with title 1 and version 2.
        assertThat(bytes).startsWith(10, 3, '2', '.', '0', 18, 25, 10, 10, 'K');
    }

    @Test
    void theProtobufHoldsWhatGnosticReads() {
        byte[] bytes =
                OpenApiV2Protobuf.encode(
                        (JsonObject)
                                Samples.json(
                                        "{'swagger':'2.0','info':{'title':'t','version':'v'},"
                                                + "'definitions':{'D':{'type':'object','maxLength':"
                                                + "300,'x-a':{'b':1}}}}"));
        assertThat(bytes)
                .containsExactly(
                        // swagger, info, paths
                        10,
                        3,
                        '2',
                        '.',
                        '0',
                        18,
                        6,
                        10,
                        1,
                        't',
                        18,
                        1,
                        'v',
                        66,
                        0,
                        // definitions > NamedSchema: name, value
                        74,
                        40,
                        10,
                        38,
                        10,
                        1,
                        'D',
                        18,
                        33,
                        // Schema: type > value, max_length, vendor_extension > NamedAny > yaml
                        0xb2,
                        1,
                        8,
                        10,
                        6,
                        'o',
                        'b',
                        'j',
                        'e',
                        'c',
                        't',
                        88,
                        0xac,
                        2,
                        0xfa,
                        1,
                        16,
                        10,
                        3,
                        'x',
                        '-',
                        'a',
                        18,
                        9,
                        18,
                        7,
                        '{',
                        '"',
                        'b',
                        '"',
                        ':',
                        '1',
                        '}');
    }
}
