// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Nobody grants what he does not have: neither by writing a role nor by binding one, unless he may
 * {@code escalate} or {@code bind} it. One for each of the four kinds.
 */
public final class GrantRules implements KindRules {
    // A role of a few kilobytes can stand for millions of simple rules.
    private static final long MAX_RULES = 50_000;
    private static final int MAX_SHOWN = 20;
    private static final List<PolicyRule> EVERYTHING =
            List.of(PolicyRule.on("*", List.of("*"), "*"), PolicyRule.onPaths(List.of("*"), "*"));

    private final ResourceType type;
    private final Rbac rbac;
    private final Authorizer authorizer;

    private GrantRules(ResourceType type, Rbac rbac, Authorizer authorizer) {
        this.type = type;
        this.rbac = rbac;
        this.authorizer = authorizer;
    }

    /** By {@link ResourceType#qualified()}. */
    public static Map<String, KindRules> all(Rbac rbac, Authorizer authorizer) {
        Map<String, KindRules> rules = new LinkedHashMap<>();
        for (ResourceType type :
                List.of(
                        ResourceType.ROLES,
                        ResourceType.CLUSTER_ROLES,
                        ResourceType.ROLE_BINDINGS,
                        ResourceType.CLUSTER_ROLE_BINDINGS)) {
            rules.put(type.qualified(), new GrantRules(type, rbac, authorizer));
        }
        return rules;
    }

    @Override
    public void changing(
            User user, RequestInfo request, @Nullable KubeObject before, KubeObject after) {
        if (user.isMaster() || (before != null && grant(before).equals(grant(after)))) {
            return;
        }
        if (type.equals(ResourceType.ROLES) || type.equals(ResourceType.CLUSTER_ROLES)) {
            role(user, after);
        } else {
            binding(user, after);
        }
    }

    /** The part of a role or binding that gives rights. */
    private static List<Json> grant(KubeObject object) {
        List<Json> parts = new ArrayList<>();
        for (String part : List.of("rules", "aggregationRule", "roleRef", "subjects")) {
            parts.add(object.json().get(part).orElse(JsonArray.EMPTY));
        }
        return parts;
    }

    private void role(User user, KubeObject role) {
        if (may(user, "escalate", type, role.namespace(), role.name())) {
            return;
        }
        refuseUnlessHeld(user, role, PolicyRule.of(role));
        if (role.json().has("aggregationRule")) {
            // Its rules are whatever others carry its labels.
            refuseUnlessHeld(user, role, EVERYTHING);
        }
    }

    private void binding(User user, KubeObject binding) {
        JsonObject reference = binding.json().object("roleRef");
        ObjectKey role = Binding.roleKey(binding.namespace(), reference);
        ResourceType roleType =
                role.namespace().isEmpty() ? ResourceType.CLUSTER_ROLES : ResourceType.ROLES;
        if (may(user, "bind", roleType, binding.namespace(), role.name())) {
            return;
        }
        List<PolicyRule> rules = rbac.rules(role).orElseThrow(() -> ApiException.notFound(role));
        refuseUnlessHeld(user, binding, rules);
    }

    private boolean may(User user, String verb, ResourceType what, String namespace, String name) {
        return authorizer
                .authorize(
                        user, RequestInfo.about(verb, what.group(), namespace, what.plural(), name))
                .allowed();
    }

    private void refuseUnlessHeld(User user, KubeObject object, List<PolicyRule> granted) {
        if (granted.stream().mapToLong(PolicyRule::size).sum() > MAX_RULES) {
            throw forbidden(user, object, "more rules than can be checked: grant fewer at a time");
        }
        Rbac.Allowed held = rbac.allowed(user, object.namespace());
        // Simple rules that differ in the verb alone are shown as one.
        Map<PolicyRule, List<String>> lacking = new LinkedHashMap<>();
        for (PolicyRule rule : granted) {
            for (PolicyRule simple : rule.simple()) {
                if (held.rules().stream().noneMatch(own -> own.covers(simple))) {
                    lacking.computeIfAbsent(simple.withVerbs(List.of()), any -> new ArrayList<>())
                            .addAll(simple.verbs());
                }
            }
        }
        if (!lacking.isEmpty()) {
            String shown =
                    lacking.entrySet().stream()
                            .limit(MAX_SHOWN)
                            .map(entry -> entry.getKey().withVerbs(entry.getValue()).toString())
                            .collect(Collectors.joining("\n"));
            String missing =
                    held.missing().isEmpty()
                            ? ""
                            : "; resolution errors: " + String.join(", ", held.missing());
            throw forbidden(
                    user,
                    object,
                    "is attempting to grant RBAC permissions not currently held:\n"
                            + shown
                            + (lacking.size() > MAX_SHOWN ? "\n..." : "")
                            + missing);
        }
    }

    private ApiException forbidden(User user, KubeObject object, String why) {
        String groups =
                user.groups().stream()
                        .map(group -> "\"" + group + "\"")
                        .collect(Collectors.joining(" ", "[", "]"));
        return new ApiException(
                Reason.FORBIDDEN,
                type.qualified()
                        + " \""
                        + object.name()
                        + "\" is forbidden: user \""
                        + user.name()
                        + "\" (groups="
                        + groups
                        + ") "
                        + why,
                type.group(),
                type.plural(),
                object.name(),
                List.of());
    }
}
