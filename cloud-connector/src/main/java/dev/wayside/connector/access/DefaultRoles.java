// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.User;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The roles and bindings that are there from the start, named as in Kubernetes. */
final class DefaultRoles {
    static final String AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";

    private static final Map<String, String> LABELS =
            Map.of("kubernetes.io/bootstrapping", "rbac-defaults");
    private static final String AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-";
    private static final String RBAC = "rbac.authorization.k8s.io";

    private static final String[] READ = {"get", "list", "watch"};
    private static final String[] WRITE = {
        "create", "delete", "deletecollection", "patch", "update"
    };
    private static final String[] ALL = {
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"
    };

    private DefaultRoles() {}

    static List<KubeObject> roles() {
        return List.of(
                role(
                        "cluster-admin",
                        List.of(
                                PolicyRule.on("*", List.of("*"), "*"),
                                PolicyRule.onPaths(List.of("*"), "*"))),
                aggregated("admin", "admin"),
                labelled(aggregated("edit", "edit"), "admin"),
                labelled(aggregated("view", "view"), "edit"),
                labelled(role("system:aggregate-to-admin", adminRules()), "admin"),
                labelled(role("system:aggregate-to-edit", editRules()), "edit"),
                labelled(role("system:aggregate-to-view", viewRules()), "view"),
                role(
                        "system:basic-user",
                        List.of(
                                PolicyRule.on(
                                        "authorization.k8s.io",
                                        List.of(
                                                "selfsubjectaccessreviews",
                                                "selfsubjectrulesreviews"),
                                        "create"),
                                PolicyRule.on(
                                        "authentication.k8s.io",
                                        List.of("selfsubjectreviews"),
                                        "create"))),
                role(
                        "system:discovery",
                        List.of(
                                PolicyRule.onPaths(
                                        List.of(
                                                "/api",
                                                "/api/*",
                                                "/apis",
                                                "/apis/*",
                                                "/healthz",
                                                "/livez",
                                                "/openapi",
                                                "/openapi/*",
                                                "/readyz",
                                                "/version",
                                                "/version/"),
                                        "get"))),
                role(
                        "system:public-info-viewer",
                        List.of(
                                PolicyRule.onPaths(
                                        List.of(
                                                "/healthz",
                                                "/livez",
                                                "/readyz",
                                                "/version",
                                                "/version/"),
                                        "get"))),
                role(
                        "system:service-account-issuer-discovery",
                        List.of(
                                PolicyRule.onPaths(
                                        List.of(
                                                "/.well-known/openid-configuration",
                                                "/.well-known/openid-configuration/",
                                                "/openid/v1/jwks",
                                                "/openid/v1/jwks/"),
                                        "get"))),
                role(
                        "system:auth-delegator",
                        List.of(
                                PolicyRule.on(
                                        "authentication.k8s.io", List.of("tokenreviews"), "create"),
                                PolicyRule.on(
                                        "authorization.k8s.io",
                                        List.of("subjectaccessreviews"),
                                        "create"))));
    }

    static List<KubeObject> bindings() {
        return List.of(
                binding("cluster-admin", User.MASTERS_GROUP),
                binding("system:basic-user", User.AUTHENTICATED_GROUP),
                binding("system:discovery", User.AUTHENTICATED_GROUP),
                binding(
                        "system:public-info-viewer",
                        User.AUTHENTICATED_GROUP,
                        User.UNAUTHENTICATED_GROUP),
                binding("system:service-account-issuer-discovery", User.SERVICE_ACCOUNTS_GROUP));
    }

    // What people read and write in their namespaces. Of kinds that are not served the rules do
    // nothing; so that a kind which comes later, or with a custom resource, finds its place.

    private static List<PolicyRule> viewRules() {
        return List.of(
                PolicyRule.on(
                        "",
                        List.of(
                                "bindings",
                                "configmaps",
                                "endpoints",
                                "events",
                                "limitranges",
                                "namespaces",
                                "namespaces/status",
                                "persistentvolumeclaims",
                                "persistentvolumeclaims/status",
                                "pods",
                                "pods/log",
                                "pods/status",
                                "replicationcontrollers",
                                "replicationcontrollers/scale",
                                "replicationcontrollers/status",
                                "resourcequotas",
                                "resourcequotas/status",
                                "serviceaccounts",
                                "services",
                                "services/status"),
                        READ),
                PolicyRule.on("events.k8s.io", List.of("events"), READ),
                PolicyRule.on("discovery.k8s.io", List.of("endpointslices"), READ),
                PolicyRule.on("coordination.k8s.io", List.of("leases"), READ),
                PolicyRule.on(
                        "apps",
                        List.of(
                                "controllerrevisions",
                                "daemonsets",
                                "daemonsets/status",
                                "deployments",
                                "deployments/scale",
                                "deployments/status",
                                "replicasets",
                                "replicasets/scale",
                                "replicasets/status",
                                "statefulsets",
                                "statefulsets/scale",
                                "statefulsets/status"),
                        READ),
                PolicyRule.on(
                        "batch",
                        List.of("cronjobs", "cronjobs/status", "jobs", "jobs/status"),
                        READ),
                PolicyRule.on(
                        "autoscaling",
                        List.of("horizontalpodautoscalers", "horizontalpodautoscalers/status"),
                        READ),
                PolicyRule.on(
                        "policy",
                        List.of("poddisruptionbudgets", "poddisruptionbudgets/status"),
                        READ),
                PolicyRule.on(
                        "networking.k8s.io",
                        List.of("ingresses", "ingresses/status", "networkpolicies"),
                        READ),
                PolicyRule.on("superedge.io", List.of("*"), READ),
                PolicyRule.on("wayside.dev", List.of("*"), READ));
    }

    private static List<PolicyRule> editRules() {
        return List.of(
                PolicyRule.on(
                        "",
                        List.of(
                                "pods/attach",
                                "pods/exec",
                                "pods/portforward",
                                "pods/proxy",
                                "secrets",
                                "services/proxy"),
                        READ),
                PolicyRule.on("", List.of("serviceaccounts"), "impersonate"),
                PolicyRule.on("", List.of("serviceaccounts/token"), "create"),
                PolicyRule.on(
                        "",
                        List.of(
                                "configmaps",
                                "events",
                                "persistentvolumeclaims",
                                "pods",
                                "pods/attach",
                                "pods/exec",
                                "pods/portforward",
                                "pods/proxy",
                                "replicationcontrollers",
                                "replicationcontrollers/scale",
                                "secrets",
                                "serviceaccounts",
                                "services",
                                "services/proxy"),
                        WRITE),
                PolicyRule.on("", List.of("pods/eviction"), "create"),
                PolicyRule.on("coordination.k8s.io", List.of("leases"), ALL),
                PolicyRule.on(
                        "apps",
                        List.of(
                                "daemonsets",
                                "deployments",
                                "deployments/rollback",
                                "deployments/scale",
                                "replicasets",
                                "replicasets/scale",
                                "statefulsets",
                                "statefulsets/scale"),
                        WRITE),
                PolicyRule.on("batch", List.of("cronjobs", "jobs"), WRITE),
                PolicyRule.on("autoscaling", List.of("horizontalpodautoscalers"), WRITE),
                PolicyRule.on("policy", List.of("poddisruptionbudgets"), WRITE),
                PolicyRule.on("networking.k8s.io", List.of("ingresses", "networkpolicies"), WRITE),
                PolicyRule.on("superedge.io", List.of("*"), WRITE),
                PolicyRule.on("wayside.dev", List.of("gridrollouts"), WRITE));
    }

    private static List<PolicyRule> adminRules() {
        return List.of(
                PolicyRule.on(
                        "authorization.k8s.io", List.of("localsubjectaccessreviews"), "create"),
                PolicyRule.on(RBAC, List.of("rolebindings", "roles"), ALL));
    }

    private static KubeObject role(String name, List<PolicyRule> rules) {
        return standard(ResourceType.CLUSTER_ROLES, name).with("rules", PolicyRule.toJson(rules));
    }

    private static KubeObject aggregated(String name, String of) {
        JsonObject selector =
                JsonObject.of("matchLabels", JsonObject.of(AGGREGATE_TO + of, "true"));
        return standard(ResourceType.CLUSTER_ROLES, name)
                .with(
                        "aggregationRule",
                        JsonObject.of("clusterRoleSelectors", JsonArray.of(selector)));
    }

    private static KubeObject labelled(KubeObject role, String aggregateTo) {
        Map<String, String> labels = new LinkedHashMap<>(role.labels());
        labels.put(AGGREGATE_TO + aggregateTo, "true");
        return role.withLabels(labels);
    }

    private static KubeObject binding(String role, String... groups) {
        List<Json> subjects = new ArrayList<>();
        for (String group : groups) {
            subjects.add(
                    JsonObject.builder()
                            .put("kind", "Group")
                            .put("apiGroup", RBAC)
                            .put("name", group)
                            .build());
        }
        return standard(ResourceType.CLUSTER_ROLE_BINDINGS, role)
                .with("subjects", new JsonArray(subjects))
                .with(
                        "roleRef",
                        JsonObject.builder()
                                .put("apiGroup", RBAC)
                                .put("kind", "ClusterRole")
                                .put("name", role)
                                .build());
    }

    private static KubeObject standard(ResourceType type, String name) {
        return KubeObject.of(type, "", name)
                .withLabels(LABELS)
                .withAnnotations(Map.of(AUTO_UPDATE, "true"));
    }
}
