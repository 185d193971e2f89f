// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.Responder;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.schema.ReviewKind;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.ManualClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Roles, bindings and what follows from them, on a real store with the default roles. */
class AccessTest {
    private static final WriteOptions WRITER = WriteOptions.by("test");
    private static final User JANE = user("jane");
    private static final User MASTER = user("admin", User.MASTERS_GROUP);

    @TempDir Path folder;

    private EmbeddedObjectStore store;
    private Rbac rbac;
    private Authorizer authorizer;

    @BeforeEach
    void start() throws Exception {
        store = TestingStore.open(folder, new ManualClock());
        new DefaultRolesUpkeep(store).run();
        rbac = new Rbac(store);
        rbac.start();
        assertThat(rbac.awaitComplete(Duration.ofSeconds(10))).isTrue();
        authorizer = rbac::authorize;
    }

    @AfterEach
    void stop() {
        rbac.close();
        store.close();
    }

    // The default roles.

    @Test
    void whoIsBoundToNothingSeesTheApiAndItsOwnRights() {
        assertThat(may(JANE, "GET /apis/apps/v1")).isTrue();
        assertThat(may(JANE, "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
                .isTrue();
        assertThat(may(JANE, "GET /api/v1/namespaces/default/pods")).isFalse();
        assertThat(may(JANE, "GET /openid/v1/jwks")).isFalse();
        assertThat(may(MASTER, "DELETE /api/v1/nodes/x")).isTrue();
    }

    @Test
    void viewReadsAllButSecretsInItsNamespaceAlone() throws Exception {
        bind("default", "view-jane", "ClusterRole", "view", "User", "jane");

        eventually(JANE, "GET /api/v1/namespaces/default/pods", true);
        assertThat(may(JANE, "GET /apis/superedge.io/v1/namespaces/default/deploymentgrids"))
                .isTrue();
        for (String refused :
                List.of(
                        "GET /api/v1/namespaces/default/secrets/s",
                        "DELETE /api/v1/namespaces/default/pods/p",
                        "GET /api/v1/namespaces/kube-system/pods",
                        "GET /api/v1/pods",
                        "GET /apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
                        "POST /api/v1/namespaces/default/serviceaccounts/default/token")) {
            assertThat(may(JANE, refused)).as(refused).isFalse();
        }
        assertThat(authorizer.authorize(JANE, info("GET /api/v1/namespaces/default/pods")).why())
                .isEqualTo(
                        "RBAC: allowed by RoleBinding \"view-jane/default\" of ClusterRole \"view\""
                                + " to User \"jane\"");
    }

    @Test
    void editAddsWritingAndAdminAddsRoles() throws Exception {
        bind("default", "e", "ClusterRole", "edit", "User", "ed");
        bind("default", "a", "ClusterRole", "admin", "Group", "admins");
        String roles = "POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";

        eventually(user("ed"), "DELETE /api/v1/namespaces/default/secrets/s", true);
        eventually(user("x", "admins"), roles, true);
        assertThat(may(user("ed"), "GET /api/v1/namespaces/default/pods")).isTrue();
        assertThat(may(user("ed"), roles)).isFalse();
        assertThat(may(user("x", "admins"), "DELETE /api/v1/namespaces/default/pods/p")).isTrue();
        assertThat(may(user("x", "admins"), "GET /api/v1/nodes")).isFalse();
    }

    @Test
    void serviceAccountsAreFoundByTheirNamespaceAndName() throws Exception {
        bind("default", "sa", "ClusterRole", "view", "ServiceAccount", "bot");

        eventually(
                user("system:serviceaccount:default:bot"),
                "GET /api/v1/namespaces/default/pods",
                true);
        assertThat(
                        may(
                                user("system:serviceaccount:other:bot"),
                                "GET /api/v1/namespaces/default/pods"))
                .isFalse();
    }

    @Test
    void aBindingThatGoesTakesTheRightWithIt() throws Exception {
        bind("default", "view-jane", "ClusterRole", "view", "User", "jane");
        eventually(JANE, "GET /api/v1/namespaces/default/pods", true);

        store.delete(
                ResourceType.ROLE_BINDINGS,
                ResourceType.ROLE_BINDINGS.key("default", "view-jane"),
                DeleteOptions.BACKGROUND);

        eventually(JANE, "GET /api/v1/namespaces/default/pods", false);
    }

    @Test
    void aRoleThatIsMissingIsNamed() throws Exception {
        bind("default", "b", "Role", "nope", "User", "jane");
        RequestInfo pods = info("GET /api/v1/namespaces/default/pods");
        Eventually.see(
                "the reason",
                Duration.ofSeconds(10),
                () -> authorizer.authorize(JANE, pods).why(),
                "RBAC: role.rbac.authorization.k8s.io \"nope\" not found"::equals);
    }

    @Test
    void aStartRepairsTheDefaultsAndKeepsWhatWasAdded() throws Exception {
        KubeObject discovery = role("system:discovery");
        JsonObject own = json("{'nonResourceURLs':['/mine'],'verbs':['get']}");
        store.update(
                ResourceType.CLUSTER_ROLES,
                discovery.with("rules", dev.wayside.model.JsonArray.of(own)),
                "",
                WRITER);
        KubeObject basic = role("system:basic-user");
        store.update(
                ResourceType.CLUSTER_ROLES,
                basic.withAnnotations(java.util.Map.of(DefaultRoles.AUTO_UPDATE, "false"))
                        .with("rules", dev.wayside.model.JsonArray.EMPTY),
                "",
                WRITER);
        store.delete(
                ResourceType.CLUSTER_ROLE_BINDINGS,
                ResourceType.CLUSTER_ROLE_BINDINGS.key("", "cluster-admin"),
                DeleteOptions.BACKGROUND);

        new DefaultRolesUpkeep(store).run();

        assertThat(role("system:discovery").json().array("rules").objects())
                .hasSize(2)
                .contains(own);
        assertThat(role("system:basic-user").json().array("rules").items()).isEmpty();
        assertThat(store.get(ResourceType.CLUSTER_ROLE_BINDINGS.key("", "cluster-admin")))
                .isPresent();
        String revision = role("admin").resourceVersion();
        new DefaultRolesUpkeep(store).run();
        assertThat(role("admin").resourceVersion()).isEqualTo(revision);
    }

    @Test
    void anAggregatedRoleTakesWhatCarriesItsLabel() {
        create(
                ResourceType.CLUSTER_ROLES,
                "{'metadata':{'name':'more','labels':{'rbac.authorization.k8s.io/aggregate-to-view':"
                    + "'true'}},'rules':[{'apiGroups':['x.io'],'resources':['xs'],'verbs':['get']}]}");
        AggregatedRoles aggregation = new AggregatedRoles(store);

        assertThat(aggregation.reconcile("view")).isTrue();
        assertThat(aggregation.reconcile("view")).isFalse();

        assertThat(role("view").json().toJson()).contains("x.io");
        assertThat(aggregation.reconcile("edit")).isTrue();
        assertThat(role("edit").json().toJson()).contains("x.io");
    }

    // Nobody grants what he does not have.

    @Test
    void aRoleMayHoldNoMoreThanItsAuthorHas() throws Exception {
        bind("default", "a", "ClusterRole", "admin", "User", "jane");
        eventually(JANE, "GET /api/v1/namespaces/default/pods", true);
        KubeObject pods = newRole("'apiGroups':[''],'resources':['pods'],'verbs':['get','list']");
        KubeObject nodes = newRole("'apiGroups':[''],'resources':['nodes'],'verbs':['get','list']");

        grant(JANE, ResourceType.ROLES, null, pods);
        grant(MASTER, ResourceType.ROLES, null, nodes);
        assertThatThrownBy(() -> grant(JANE, ResourceType.ROLES, null, nodes))
                .isInstanceOf(ApiException.class)
                .hasMessage(
                        "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"jane\""
                                + " (groups=[\"system:authenticated\"]) is attempting to grant RBAC"
                                + " permissions not currently held:\n"
                                + "{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\","
                                + " \"list\"]}");
        assertThatThrownBy(() -> grant(JANE, ResourceType.ROLES, pods, nodes))
                .isInstanceOf(ApiException.class);
        // What others have granted may still be labelled.
        grant(JANE, ResourceType.ROLES, nodes, nodes.withLabels(java.util.Map.of("a", "b")));
    }

    @Test
    void aBindingGivesNoMoreThanItsAuthorHas() throws Exception {
        bind("default", "a", "ClusterRole", "admin", "User", "jane");
        eventually(JANE, "GET /api/v1/namespaces/default/pods", true);

        grant(JANE, ResourceType.ROLE_BINDINGS, null, binding("ClusterRole", "edit"));
        assertThatThrownBy(
                        () ->
                                grant(
                                        JANE,
                                        ResourceType.ROLE_BINDINGS,
                                        null,
                                        binding("ClusterRole", "cluster-admin")))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("permissions not currently held");
        assertThatThrownBy(
                        () ->
                                grant(
                                        JANE,
                                        ResourceType.ROLE_BINDINGS,
                                        null,
                                        binding("Role", "nope")))
                .isInstanceOf(ApiException.class)
                .hasMessage("roles.rbac.authorization.k8s.io \"nope\" not found");
    }

    @Test
    void whoMayEscalateOrBindNeedsNotHaveIt() throws Exception {
        create(
                ResourceType.CLUSTER_ROLES,
                "{'metadata':{'name':'granter'},'rules':[{'apiGroups':['rbac.authorization.k8s.io'],"
                    + "'resources':['roles'],'verbs':['escalate']},"
                    + "{'apiGroups':['rbac.authorization.k8s.io'],'resources':['clusterroles'],"
                    + "'resourceNames':['cluster-admin'],'verbs':['bind']}]}");
        bind("default", "g", "ClusterRole", "granter", "User", "jane");
        eventually(
                JANE,
                RequestInfo.about("escalate", "rbac.authorization.k8s.io", "default", "roles", "r"),
                true);

        grant(
                JANE,
                ResourceType.ROLES,
                null,
                newRole("'apiGroups':['*'],'resources':['*'],'verbs':['*']"));
        grant(JANE, ResourceType.ROLE_BINDINGS, null, binding("ClusterRole", "cluster-admin"));
        assertThatThrownBy(
                        () ->
                                grant(
                                        JANE,
                                        ResourceType.ROLE_BINDINGS,
                                        null,
                                        binding("ClusterRole", "admin")))
                .isInstanceOf(ApiException.class);
    }

    @Test
    void anAggregationRuleIsForWhoHasEverything() throws Exception {
        KubeObject aggregated =
                KubeObject.of(ResourceType.CLUSTER_ROLES, "", "mine")
                        .with(
                                "aggregationRule",
                                json("{'clusterRoleSelectors':[{'matchLabels':{'a':'b'}}]}"));
        assertThatThrownBy(() -> grant(JANE, ResourceType.CLUSTER_ROLES, null, aggregated))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}");
        grant(MASTER, ResourceType.CLUSTER_ROLES, null, aggregated);
    }

    @Test
    void aRoleThatStandsForMillionsIsRefusedInTime() {
        String many =
                java.util.stream.IntStream.range(0, 500)
                        .mapToObj(i -> "'x" + i + "'")
                        .collect(java.util.stream.Collectors.joining(","));
        KubeObject role =
                newRole(
                        "'apiGroups':[%s],'resources':[%s],'verbs':[%s]"
                                .formatted(many, many, many));
        assertThatThrownBy(() -> grant(JANE, ResourceType.ROLES, null, role))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("grant fewer at a time");
    }

    // Reviews.

    @Test
    void tellsUsersWhatTheyMay() throws Exception {
        bind("default", "v", "ClusterRole", "view", "User", "jane");
        eventually(JANE, "GET /api/v1/namespaces/default/pods", true);
        String pods = "{'spec':{'resourceAttributes':{'namespace':'default','resource':'pods',";

        JsonObject yes =
                ask(JANE, ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS, pods + "'verb':'list'}}}");
        JsonObject no =
                ask(JANE, ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS, pods + "'verb':'delete'}}}");
        JsonObject path =
                ask(
                        JANE,
                        ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS,
                        "{'spec':{'nonResourceAttributes':{'path':'/apis','verb':'get'}}}");

        assertThat(yes.flag("allowed")).isTrue();
        assertThat(yes.text("reason")).startsWith("RBAC: allowed by RoleBinding");
        assertThat(no.flag("allowed")).isFalse();
        assertThat(path.flag("allowed")).isTrue();
        assertThatThrownBy(() -> ask(JANE, ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS, "{'spec':{}}"))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("exactly one of");
    }

    @Test
    void tellsOthersWhatAUserMay() throws Exception {
        bind("default", "v", "ClusterRole", "view", "Group", "readers");
        eventually(user("x", "readers"), "GET /api/v1/namespaces/default/pods", true);
        String spec =
                "{'metadata':{'namespace':'default'},'spec':{'user':'x','groups':['readers'],"
                    + "'resourceAttributes':{'namespace':'%s','resource':'pods','verb':'get'}}}";

        assertThat(
                        ask(MASTER, ReviewKind.SUBJECT_ACCESS_REVIEWS, spec.formatted("default"))
                                .flag("allowed"))
                .isTrue();
        assertThat(
                        ask(
                                        MASTER,
                                        ReviewKind.SUBJECT_ACCESS_REVIEWS,
                                        spec.formatted("kube-system"))
                                .flag("allowed"))
                .isFalse();
        assertThat(
                        ask(
                                        MASTER,
                                        ReviewKind.LOCAL_SUBJECT_ACCESS_REVIEWS,
                                        spec.formatted("default"))
                                .flag("allowed"))
                .isTrue();
        assertThatThrownBy(
                        () ->
                                ask(
                                        MASTER,
                                        ReviewKind.LOCAL_SUBJECT_ACCESS_REVIEWS,
                                        spec.formatted("kube-system")))
                .isInstanceOf(ApiException.class);
    }

    @Test
    void listsTheRulesOfANamespace() throws Exception {
        bind("default", "v", "ClusterRole", "view", "User", "jane");
        eventually(JANE, "GET /api/v1/namespaces/default/pods", true);

        JsonObject here =
                ask(
                        JANE,
                        ReviewKind.SELF_SUBJECT_RULES_REVIEWS,
                        "{'spec':{'namespace':'default'}}");
        JsonObject elsewhere =
                ask(
                        JANE,
                        ReviewKind.SELF_SUBJECT_RULES_REVIEWS,
                        "{'spec':{'namespace':'kube-system'}}");

        assertThat(here.array("resourceRules").toJson()).contains("configmaps");
        assertThat(here.flag("incomplete")).isFalse();
        assertThat(elsewhere.array("resourceRules").toJson())
                .contains("selfsubjectreviews")
                .doesNotContain("configmaps");
        assertThat(elsewhere.array("nonResourceRules").toJson()).contains("/apis/*");
    }

    @Test
    void tellsUsersWhoTheyAre() {
        assertThat(ask(JANE, ReviewKind.SELF_SUBJECT_REVIEWS, "{}").object("userInfo"))
                .isEqualTo(json("{'username':'jane','groups':['system:authenticated']}"));
    }

    private JsonObject ask(User user, ResourceType review, String body) {
        Responder responder = AccessReviews.all(authorizer, rbac).get(review.qualified());
        return responder
                .answer(user, info("POST " + review.path("default")), new KubeObject(json(body)))
                .status();
    }

    private void grant(User user, ResourceType type, KubeObject before, KubeObject after) {
        GrantRules.all(rbac, authorizer)
                .get(type.qualified())
                .changing(user, info("PUT " + type.path("default", "r")), before, after);
    }

    private static KubeObject newRole(String rule) {
        return KubeObject.of(ResourceType.ROLES, "default", "r")
                .with("rules", dev.wayside.model.JsonArray.of(json("{" + rule + "}")));
    }

    private static KubeObject binding(String kind, String role) {
        return KubeObject.of(ResourceType.ROLE_BINDINGS, "default", "b")
                .with("roleRef", json("{'kind':'" + kind + "','name':'" + role + "'}"));
    }

    private void bind(
            String namespace, String name, String kind, String role, String who, String subject) {
        create(
                ResourceType.ROLE_BINDINGS,
                ("{'metadata':{'name':'%s','namespace':'%s'},'roleRef':{'kind':'%s','name':'%s'},"
                                + "'subjects':[{'kind':'%s','name':'%s'%s}]}")
                        .formatted(
                                name,
                                namespace,
                                kind,
                                role,
                                who,
                                subject,
                                who.equals("ServiceAccount")
                                        ? ",'namespace':'" + namespace + "'"
                                        : ""));
    }

    private void create(ResourceType type, String json) {
        store.create(type, new KubeObject(json(json)), WRITER);
    }

    private KubeObject role(String name) {
        return store.get(ResourceType.CLUSTER_ROLES.key("", name)).orElseThrow();
    }

    private boolean may(User user, String request) {
        return authorizer.authorize(user, info(request)).allowed();
    }

    private void eventually(User user, String request, boolean allowed) throws Exception {
        eventually(user, info(request), allowed);
    }

    private void eventually(User user, RequestInfo request, boolean allowed) throws Exception {
        Eventually.see(
                "whether " + user.name() + " may",
                Duration.ofSeconds(10),
                () -> authorizer.authorize(user, request).allowed(),
                may -> may == allowed);
    }

    private static RequestInfo info(String request) {
        int space = request.indexOf(' ');
        return RequestInfo.parse(request.substring(0, space), request.substring(space + 1));
    }

    private static User user(String name, String... groups) {
        List<String> all = new java.util.ArrayList<>(List.of(groups));
        all.add(User.AUTHENTICATED_GROUP);
        return new User(name, all, new User.Credential.Certificate("", Instant.MAX));
    }

    private static JsonObject json(String text) {
        return TestingStore.json(text.replace('\'', '"'));
    }
}
