// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What roles share among them, and what bindings do. */
final class RbacRules {
    static final String GROUP = "rbac.authorization.k8s.io";

    private static final List<String> SUBJECT_KINDS = List.of("Group", "ServiceAccount", "User");

    private RbacRules() {}

    /** Names of roles and bindings are part of paths and else free, for instance with colons. */
    static List<String> name(String name) {
        List<String> wrong = new ArrayList<>();
        if (name.equals(".") || name.equals("..")) {
            wrong.add("may not be '" + name + "'");
        }
        for (String illegal : List.of("/", "%")) {
            if (name.contains(illegal)) {
                wrong.add("may not contain '" + illegal + "'");
            }
        }
        return wrong;
    }

    // Roles.

    static void rules(KubeObject role, boolean namespaced, Errors errors) {
        List<JsonObject> rules = role.json().array("rules").objects();
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), "rules[" + i + "]", namespaced, errors);
        }
    }

    private static void rule(JsonObject rule, String path, boolean namespaced, Errors errors) {
        if (rule.array("verbs").isEmpty()) {
            errors.required(path + ".verbs", "verbs must contain at least one value");
        }
        JsonArray urls = rule.array("nonResourceURLs");
        if (urls.isEmpty()) {
            if (rule.array("apiGroups").isEmpty()) {
                errors.required(
                        path + ".apiGroups", "resource rules must supply at least one api group");
            }
            if (rule.array("resources").isEmpty()) {
                errors.required(
                        path + ".resources", "resource rules must supply at least one resource");
            }
            return;
        }
        if (namespaced) {
            errors.invalid(
                    path + ".nonResourceURLs",
                    (Json) urls,
                    "namespaced rules cannot apply to non-resource URLs");
        }
        if (!rule.array("apiGroups").isEmpty()
                || !rule.array("resources").isEmpty()
                || !rule.array("resourceNames").isEmpty()) {
            errors.invalid(
                    path + ".nonResourceURLs",
                    (Json) urls,
                    "rules cannot apply to both regular resources and non-resource URLs");
        }
    }

    // Bindings.

    /** Whose groups are left out gets them: of users and groups, and of the role. */
    static KubeObject withGroups(KubeObject binding) {
        JsonObject json = binding.json();
        if (json.has("roleRef")) {
            json = json.with("roleRef", withGroup(json.object("roleRef")));
        }
        if (!json.has("subjects")) {
            return new KubeObject(json);
        }
        List<Json> subjects = new ArrayList<>();
        for (Json subject : json.array("subjects")) {
            boolean needs =
                    subject instanceof JsonObject object
                            && !object.text("kind").equals("ServiceAccount");
            subjects.add(needs ? withGroup((JsonObject) subject) : subject);
        }
        return new KubeObject(json.with("subjects", new JsonArray(subjects)));
    }

    private static JsonObject withGroup(JsonObject reference) {
        return reference.text("apiGroup").isEmpty() ? reference.with("apiGroup", GROUP) : reference;
    }

    static void binding(KubeObject binding, List<String> roleKinds, Errors errors) {
        JsonObject role = binding.json().object("roleRef");
        if (!role.text("apiGroup").equals(GROUP)) {
            errors.notSupported("roleRef.apiGroup", role.text("apiGroup"), List.of(GROUP));
        }
        if (!roleKinds.contains(role.text("kind"))) {
            errors.notSupported("roleRef.kind", role.text("kind"), roleKinds);
        }
        if (role.text("name").isEmpty()) {
            errors.required("roleRef.name");
        } else {
            errors.invalid("roleRef.name", role.text("name"), name(role.text("name")));
        }
        List<JsonObject> subjects = binding.json().array("subjects").objects();
        for (int i = 0; i < subjects.size(); i++) {
            subject(subjects.get(i), "subjects[" + i + "]", errors);
        }
    }

    private static void subject(JsonObject subject, String path, Errors errors) {
        String name = subject.text("name");
        if (name.isEmpty()) {
            errors.required(path + ".name");
        }
        String group = subject.text("apiGroup");
        switch (subject.text("kind")) {
            case "ServiceAccount" -> {
                if (!name.isEmpty()) {
                    errors.invalid(path + ".name", name, NameRules.subdomain(name));
                }
                if (!group.isEmpty()) {
                    errors.notSupported(path + ".apiGroup", group, List.of(""));
                }
                if (subject.text("namespace").isEmpty()) {
                    errors.required(path + ".namespace");
                }
            }
            case "User", "Group" -> {
                if (!group.equals(GROUP)) {
                    errors.notSupported(path + ".apiGroup", group, List.of(GROUP));
                }
            }
            default -> errors.notSupported(path + ".kind", subject.text("kind"), SUBJECT_KINDS);
        }
    }

    static void sameRole(KubeObject before, KubeObject after, Errors errors) {
        JsonObject role = after.json().object("roleRef");
        if (!before.json().object("roleRef").equals(role)) {
            errors.invalid("roleRef", role, "cannot change roleRef");
        }
    }

    /** The columns of both kinds of bindings, after the name. */
    static final List<KindDefinition.Column> BINDING_COLUMNS =
            List.of(
                    Cells.NAME,
                    Cells.text("Role", "The role that is granted."),
                    Cells.AGE,
                    Cells.wide("Users", "Users it is granted to."),
                    Cells.wide("Groups", "Groups it is granted to."),
                    Cells.wide("ServiceAccounts", "Service accounts it is granted to."));

    static List<Json> bindingCells(KubeObject binding, java.time.Instant now) {
        JsonObject role = binding.json().object("roleRef");
        return List.of(
                Cells.name(binding),
                Json.of(role.text("kind") + "/" + role.text("name")),
                Cells.age(binding, now),
                Json.of(subjects(binding, "User")),
                Json.of(subjects(binding, "Group")),
                Json.of(subjects(binding, "ServiceAccount")));
    }

    private static String subjects(KubeObject binding, String kind) {
        return binding.json().array("subjects").objects().stream()
                .filter(subject -> subject.text("kind").equals(kind))
                .map(
                        subject ->
                                kind.equals("ServiceAccount")
                                        ? subject.text("namespace") + "/" + subject.text("name")
                                        : subject.text("name"))
                .collect(Collectors.joining(", "));
    }

    /** The columns of both kinds of roles. */
    static final List<KindDefinition.Column> ROLE_COLUMNS =
            List.of(Cells.NAME, Cells.text("Created At", "When the object was created."));

    static List<Json> roleCells(KubeObject role) {
        return List.of(Cells.name(role), Json.of(role.metadata().text("creationTimestamp")));
    }
}
