// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import org.junit.jupiter.api.Test;

class DiscoveryTest {

    @Test
    void oneAnswerTellsAllOfTheCoreGroup() {
        JsonObject list = Discovery.aggregatedCore(Samples.KINDS);
        assertThat(list.text("kind")).isEqualTo("APIGroupDiscoveryList");
        assertThat(list.text("apiVersion")).isEqualTo("apidiscovery.k8s.io/v2");
        JsonObject core = list.array("items").objects().get(0);
        assertThat(core.text("metadata", "name")).isEmpty();
        JsonObject version = core.array("versions").objects().get(0);
        assertThat(version.text("version")).isEqualTo("v1");
        assertThat(version.text("freshness")).isEqualTo("Current");
        JsonObject pods =
                version.array("resources").objects().stream()
                        .filter(resource -> resource.text("resource").equals("pods"))
                        .findFirst()
                        .orElseThrow();
        assertThat(pods)
                .isEqualTo(
                        Samples.json(
                                "{'resource':'pods','responseKind':{'group':'','version':'v1',"
                                    + "'kind':'Pod'},'scope':'Namespaced','singularResource':'pod',"
                                    + "'verbs':['create','delete','deletecollection','get','list',"
                                    + "'patch','update','watch'],'shortNames':['po'],'categories':['all'],"
                                    + "'subresources':[{'subresource':'binding','responseKind':"
                                    + "{'group':'','version':'v1','kind':'Binding'},'verbs':"
                                    + "['create']},{'subresource':'eviction','responseKind':"
                                    + "{'group':'policy','version':'v1','kind':'Eviction'},"
                                    + "'verbs':['create']},{'subresource':'status','responseKind':"
                                    + "{'group':'','version':'v1','kind':'Pod'},'verbs':['get',"
                                    + "'patch','update']}]}"));
    }

    @Test
    void theOtherGroupsComeInOneAnswerToo() {
        assertThat(Discovery.aggregatedGroups(Samples.KINDS).array("items").objects())
                .extracting(group -> group.text("metadata", "name"))
                .containsExactly(
                        "discovery.k8s.io",
                        "coordination.k8s.io",
                        "certificates.k8s.io",
                        "apiextensions.k8s.io",
                        "apps",
                        "batch",
                        "superedge.io",
                        "wayside.dev",
                        "site.superedge.io",
                        "policy",
                        "storage.k8s.io",
                        "scheduling.k8s.io",
                        "rbac.authorization.k8s.io",
                        "authorization.k8s.io",
                        "authentication.k8s.io");
    }

    @Test
    void reviewsAndTokensCanOnlyBeCreated() {
        assertThat(
                        Discovery.resources(Samples.KINDS, "authorization.k8s.io", "v1")
                                .orElseThrow()
                                .array("resources")
                                .objects())
                .allSatisfy(
                        resource ->
                                assertThat(resource.array("verbs").strings())
                                        .containsExactly("create"));
        assertThat(
                        Discovery.resources(Samples.KINDS, "", "v1")
                                .orElseThrow()
                                .array("resources")
                                .objects())
                .contains(
                        Samples.json(
                                "{'name':'serviceaccounts/token','singularName':'','namespaced':"
                                        + "true,'group':'authentication.k8s.io','version':'v1',"
                                        + "'kind':'TokenRequest','verbs':['create']}"));
    }

    @Test
    void olderClientsAskGroupByGroup() {
        assertThat(Discovery.coreVersions("10.0.0.1:8443"))
                .isEqualTo(
                        Samples.json(
                                "{'kind':'APIVersions','versions':['v1'],"
                                        + "'serverAddressByClientCIDRs':[{'clientCIDR':'0.0.0.0/0',"
                                        + "'serverAddress':'10.0.0.1:8443'}]}"));
        assertThat(Discovery.groupList(Samples.KINDS).array("groups").objects())
                .contains(
                        Samples.json(
                                "{'name':'apps','versions':[{'groupVersion':'apps/v1','version':"
                                        + "'v1'}],'preferredVersion':{'groupVersion':'apps/v1',"
                                        + "'version':'v1'}}"));
        assertThat(Discovery.group(Samples.KINDS, "apps"))
                .hasValueSatisfying(group -> assertThat(group.text("kind")).isEqualTo("APIGroup"));
        assertThat(Discovery.group(Samples.KINDS, "nope")).isEmpty();
        assertThat(Discovery.resources(Samples.KINDS, "apps", "v2")).isEmpty();
    }

    @Test
    void subresourcesAreListedWithWhatTheyAnswer() {
        JsonObject list = Discovery.resources(Samples.KINDS, "apps", "v1").orElseThrow();
        assertThat(list.text("groupVersion")).isEqualTo("apps/v1");
        assertThat(list.array("resources").objects())
                .extracting(resource -> resource.text("name"))
                .containsExactly(
                        "deployments",
                        "deployments/scale",
                        "deployments/status",
                        "replicasets",
                        "replicasets/scale",
                        "replicasets/status",
                        "daemonsets",
                        "daemonsets/status",
                        "statefulsets",
                        "statefulsets/scale",
                        "statefulsets/status",
                        "controllerrevisions");
        assertThat(list.array("resources").objects().get(1))
                .isEqualTo(
                        Samples.json(
                                "{'name':'deployments/scale','singularName':'','namespaced':true,"
                                        + "'group':'autoscaling','version':'v1','kind':'Scale',"
                                        + "'verbs':['get','patch','update']}"));
    }
}
