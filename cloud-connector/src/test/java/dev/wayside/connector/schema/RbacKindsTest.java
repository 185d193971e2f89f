// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RbacKindsTest {
    private static final String ROLE_REF =
            "'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'ClusterRole','name':'view'}";

    @Test
    void rolesSayWhatOnWhat() {
        assertThat(role("{'verbs':['get'],'apiGroups':[''],'resources':['pods']}")).isEmpty();
        assertThat(role("{'apiGroups':[''],'resources':['pods']}"))
                .containsExactly(
                        "rules[0].verbs: Required value: verbs must contain at least one value");
        assertThat(role("{'verbs':['get']}"))
                .containsExactly(
                        "rules[0].apiGroups: Required value: resource rules must supply at least"
                                + " one api group",
                        "rules[0].resources: Required value: resource rules must supply at least"
                                + " one resource");
        assertThat(role("{'verbs':['get'],'nonResourceURLs':['/x']}"))
                .containsExactly(
                        "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot"
                                + " apply to non-resource URLs");
        assertThat(
                        clusterRole(
                                "'rules':[{'verbs':['get'],'apiGroups':[''],'resources':['a'],"
                                        + "'nonResourceURLs':['/x']}]"))
                .containsExactly(
                        "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: rules cannot apply to"
                                + " both regular resources and non-resource URLs");
        assertThat(clusterRole("'rules':[{'verbs':['get'],'nonResourceURLs':['/x']}]")).isEmpty();
    }

    @Test
    void anAggregationRuleSelectsSomething() {
        assertThat(clusterRole("'aggregationRule':{'clusterRoleSelectors':[]}"))
                .containsExactly(
                        "aggregationRule.clusterRoleSelectors: Required value: at least one"
                                + " clusterRoleSelector required if aggregationRule is non-nil");
        assertThat(
                        clusterRole(
                                "'aggregationRule':{'clusterRoleSelectors':[{'matchLabels':{'a':'b'}}]}"))
                .isEmpty();
    }

    @Test
    void namesArePathSegments() {
        assertThat(
                        Samples.wrongWith(
                                ResourceType.CLUSTER_ROLES,
                                Samples.object("{'metadata':{'name':'system:a-B'},'rules':[]}")))
                .isEmpty();
        assertThat(
                        Samples.wrongWith(
                                ResourceType.CLUSTER_ROLES,
                                Samples.object("{'metadata':{'name':'a/b'},'rules':[]}")))
                .containsExactly("metadata.name: Invalid value: \"a/b\": may not contain '/'");
    }

    @Test
    void bindingsNameWhoAndWhat() {
        assertThat(binding(ROLE_REF)).isEmpty();
        assertThat(binding("'roleRef':{'kind':'Nope'}"))
                .containsExactly(
                        "roleRef.kind: Unsupported value: \"Nope\": supported values:"
                                + " \"ClusterRole\", \"Role\"",
                        "roleRef.name: Required value");
        assertThat(binding(ROLE_REF + ",'subjects':[{'kind':'ServiceAccount','name':'a'}]"))
                .containsExactly("subjects[0].namespace: Required value");
        assertThat(binding(ROLE_REF + ",'subjects':[{'kind':'User','apiGroup':'x','name':'a'}]"))
                .containsExactly(
                        "subjects[0].apiGroup: Unsupported value: \"x\": supported values:"
                                + " \"rbac.authorization.k8s.io\"");
        assertThat(binding(ROLE_REF + ",'subjects':[{'kind':'Robot','name':'a'}]"))
                .containsExactly(
                        "subjects[0].kind: Unsupported value: \"Robot\": supported values:"
                                + " \"Group\", \"ServiceAccount\", \"User\"");
        assertThat(
                        Samples.wrongWith(
                                ResourceType.CLUSTER_ROLE_BINDINGS,
                                Samples.object(
                                        "{'metadata':{'name':'b'},'roleRef':{'kind':'Role','name':'r'}}")))
                .containsExactly(
                        "roleRef.kind: Unsupported value: \"Role\": supported values:"
                                + " \"ClusterRole\"");
    }

    @Test
    void groupsThatAreLeftOutAreFilledIn() {
        KubeObject binding =
                Samples.kind(ResourceType.ROLE_BINDINGS)
                        .withDefaults(
                                bindingOf(
                                        "'roleRef':{'kind':'Role','name':'r'},'subjects':"
                                                + "[{'kind':'User','name':'u'},{'kind':"
                                                + "'ServiceAccount','name':'s','namespace':'n'}]"));
        assertThat(binding.json().text("roleRef", "apiGroup"))
                .isEqualTo("rbac.authorization.k8s.io");
        assertThat(binding.json().array("subjects").objects())
                .extracting(subject -> subject.text("apiGroup"))
                .containsExactly("rbac.authorization.k8s.io", "");
    }

    @Test
    void whatABindingIsBoundToStays() {
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.ROLE_BINDINGS,
                                bindingOf(ROLE_REF),
                                bindingOf(ROLE_REF.replace("view", "edit")),
                                ""))
                .singleElement()
                .asString()
                .startsWith("roleRef: Invalid value: ")
                .endsWith(": cannot change roleRef");
    }

    @Test
    void bindingsShowTheirSubjects() {
        KubeObject binding =
                bindingOf(
                        ROLE_REF
                                + ",'subjects':[{'kind':'User','name':'u'},{'kind':'Group','name':'g'},"
                                + "{'kind':'Group','name':'h'},{'kind':'ServiceAccount','name':'s',"
                                + "'namespace':'n'}]");
        List<Json> cells = Samples.kind(ResourceType.ROLE_BINDINGS).cells(binding, Instant.EPOCH);
        assertThat(cells)
                .containsExactly(
                        Json.of("b"),
                        Json.of("ClusterRole/view"),
                        Json.of("<unknown>"),
                        Json.of("u"),
                        Json.of("g, h"),
                        Json.of("n/s"));
    }

    private static List<String> role(String rule) {
        return Samples.wrongWith(
                ResourceType.ROLES,
                Samples.object(
                        "{'metadata':{'name':'r','namespace':'default'},'rules':[" + rule + "]}"));
    }

    private static List<String> clusterRole(String members) {
        return Samples.wrongWith(
                ResourceType.CLUSTER_ROLES,
                Samples.object("{'metadata':{'name':'r'}," + members + "}"));
    }

    private static List<String> binding(String members) {
        return Samples.wrongWith(ResourceType.ROLE_BINDINGS, bindingOf(members));
    }

    private static KubeObject bindingOf(String members) {
        return Samples.object(
                "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'RoleBinding',"
                        + "'metadata':{'name':'b','namespace':'default'},"
                        + members
                        + "}");
    }
}
