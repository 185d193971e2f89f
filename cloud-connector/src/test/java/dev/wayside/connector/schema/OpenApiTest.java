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

class OpenApiTest {
    private static final String PATCH_PATH =
            "/apis/superedge.io/v1/namespaces/{namespace}/deploymentgrids/{name}";

    private final JsonObject core = OpenApi.document(Samples.KINDS, "", "v1");
    private final JsonObject apps = OpenApi.document(Samples.KINDS, "apps", "v1");
    private final JsonObject grids = OpenApi.document(Samples.KINDS, "superedge.io", "v1");

    @Test
    void theIndexLeadsToADocumentPerGroupAndVersion() {
        JsonObject index = OpenApi.index(Samples.KINDS).object("paths");
        assertThat(index.members().keySet())
                .containsExactlyInAnyOrder(
                        "api/v1",
                        "apis/apps/v1",
                        "apis/batch/v1",
                        "apis/coordination.k8s.io/v1",
                        "apis/discovery.k8s.io/v1",
                        "apis/certificates.k8s.io/v1",
                        "apis/apiextensions.k8s.io/v1",
                        "apis/superedge.io/v1",
                        "apis/wayside.dev/v1alpha1",
                        "apis/site.superedge.io/v1alpha1",
                        "apis/site.superedge.io/v1alpha2",
                        "apis/policy/v1",
                        "apis/storage.k8s.io/v1",
                        "apis/scheduling.k8s.io/v1",
                        "apis/rbac.authorization.k8s.io/v1",
                        "apis/authorization.k8s.io/v1",
                        "apis/authentication.k8s.io/v1");
        assertThat(index.text("apis/apps/v1", "serverRelativeURL"))
                .matches("/openapi/v3/apis/apps/v1\\?hash=[0-9A-F]{64}");
        assertThat(OpenApi.index(Samples.KINDS).object("paths")).isEqualTo(index);
        assertThat(OpenApi.document(Samples.KINDS, "apis/apps/v1")).hasValue(apps);
        assertThat(OpenApi.document(Samples.KINDS, "apis/nope/v1")).isEmpty();
    }

    @Test
    void everyPatchTakesFieldValidationSoThatClientsLeaveItToTheServer() {
        JsonObject patch = grids.object("paths", PATCH_PATH, "patch");
        assertThat(patch.object("x-kubernetes-group-version-kind"))
                .isEqualTo(
                        Samples.json(
                                "{'group':'superedge.io','kind':'DeploymentGrid','version':'v1'}"));
        assertThat(patch.array("parameters").objects())
                .filteredOn(parameter -> parameter.text("in").equals("query"))
                .extracting(parameter -> parameter.text("name"))
                .contains("fieldValidation", "dryRun", "fieldManager");
        assertThat(patch.object("requestBody", "content").members())
                .doesNotContainKey("application/strategic-merge-patch+json");
        assertThat(
                        apps.object(
                                        "paths",
                                        "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
                                        "patch",
                                        "requestBody",
                                        "content")
                                .members())
                .containsKey("application/strategic-merge-patch+json");
    }

    @Test
    void everyKindHasASchemaThatSaysWhichKindItIs() {
        for (KindDefinition kind : Samples.KINDS.all()) {
            JsonObject schema = kind.openApiSchemas().get(kind.openApiName());
            assertThat(schema).as(kind.openApiName()).isNotNull();
            assertThat(schema.array("x-kubernetes-group-version-kind").objects())
                    .extracting(gvk -> gvk.text("kind"))
                    .containsExactly(kind.type().kind());
        }
        assertThat(Samples.KINDS.byKind("apps/v1", "Deployment").orElseThrow().openApiName())
                .isEqualTo("io.k8s.api.apps.v1.Deployment");
        assertThat(
                        Samples.KINDS
                                .byKind("superedge.io/v1", "DeploymentGrid")
                                .orElseThrow()
                                .openApiName())
                .isEqualTo("io.superedge.v1.DeploymentGrid");
    }

    @Test
    void everyReferenceLeadsToASchema() {
        for (JsonObject document : List.of(core, apps, grids)) {
            List<String> references = new ArrayList<>();
            collect(document, references);
            assertThat(references).isNotEmpty();
            assertThat(document.object("components", "schemas").members().keySet())
                    .containsAll(references);
        }
    }

    private static void collect(Json value, List<String> references) {
        if (value instanceof JsonObject object) {
            object.members()
                    .forEach(
                            (name, member) -> {
                                if (name.equals("$ref") && member instanceof JsonString text) {
                                    references.add(
                                            text.value()
                                                    .substring("#/components/schemas/".length()));
                                } else {
                                    collect(member, references);
                                }
                            });
        } else if (value instanceof JsonArray array) {
            array.forEach(item -> collect(item, references));
        }
    }

    @Test
    void fieldsSayTheirTypesAndHowPatchesMergeThem() {
        JsonObject podSpec =
                core.object("components", "schemas", "io.k8s.api.core.v1.PodSpec", "properties");
        assertThat(podSpec.object("containers"))
                .isEqualTo(
                        Samples.json(
                                "{'type':'array','items':{'allOf':[{'$ref':"
                                        + "'#/components/schemas/io.k8s.api.core.v1.Container'}]},"
                                        + "'x-kubernetes-patch-merge-key':'name',"
                                        + "'x-kubernetes-patch-strategy':'merge'}"));
        assertThat(podSpec.object("volumes").text("x-kubernetes-patch-strategy"))
                .isEqualTo("merge,retainKeys");
        assertThat(podSpec.object("activeDeadlineSeconds"))
                .isEqualTo(Samples.json("{'type':'integer','format':'int64'}"));
        JsonObject strategy =
                apps.object("components", "schemas", "io.k8s.api.apps.v1.DeploymentSpec");
        assertThat(strategy.array("required").strings()).containsExactly("selector", "template");
    }

    @Test
    void theGridsFieldsAreExplained() {
        JsonObject spec =
                grids.object("components", "schemas", "io.superedge.v1.DeploymentGridSpec");
        assertThat(spec.text("properties", "gridUniqKey", "description"))
                .startsWith("The label of the nodes whose values tell sites apart.");
        assertThat(spec.text("description")).isEqualTo("Templates, and which site has which.");
    }

    @Test
    void whatIsNotStoredCanOnlyBePosted() {
        JsonObject paths =
                OpenApi.document(Samples.KINDS, "authorization.k8s.io", "v1").object("paths");
        assertThat(paths.object("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").members())
                .containsOnlyKeys("post", "parameters");
        assertThat(paths.members()).hasSize(4);
    }
}
