// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One rule of a role: every one of its verbs on every one of its resources, or of its paths.
 *
 * @param resources {@code pods}, {@code pods/log}, {@code *}, or {@code *}{@code /scale}
 * @param resourceNames empty for all
 */
record PolicyRule(
        List<String> verbs,
        List<String> apiGroups,
        List<String> resources,
        List<String> resourceNames,
        List<String> nonResourceUrls) {
    private static final String ALL = "*";

    PolicyRule {
        verbs = List.copyOf(verbs);
        apiGroups = List.copyOf(apiGroups);
        resources = List.copyOf(resources);
        resourceNames = List.copyOf(resourceNames);
        nonResourceUrls = List.copyOf(nonResourceUrls);
    }

    static PolicyRule of(JsonObject rule) {
        return new PolicyRule(
                rule.array("verbs").strings(),
                rule.array("apiGroups").strings(),
                rule.array("resources").strings(),
                rule.array("resourceNames").strings(),
                rule.array("nonResourceURLs").strings());
    }

    static List<PolicyRule> of(KubeObject role) {
        return role.json().array("rules").objects().stream().map(PolicyRule::of).toList();
    }

    /** On resources of one API group. */
    static PolicyRule on(String group, List<String> resources, String... verbs) {
        return new PolicyRule(List.of(verbs), List.of(group), resources, List.of(), List.of());
    }

    /** On paths that are no resources. */
    static PolicyRule onPaths(List<String> paths, String... verbs) {
        return new PolicyRule(List.of(verbs), List.of(), List.of(), List.of(), paths);
    }

    static JsonArray toJson(List<PolicyRule> rules) {
        List<Json> array = new ArrayList<>();
        rules.forEach(rule -> array.add(rule.toJson()));
        return new JsonArray(array);
    }

    JsonObject toJson() {
        return JsonObject.builder()
                .put("verbs", JsonArray.ofStrings(verbs))
                .putUnlessEmpty("apiGroups", JsonArray.ofStrings(apiGroups))
                .putUnlessEmpty("resources", JsonArray.ofStrings(resources))
                .putUnlessEmpty("resourceNames", JsonArray.ofStrings(resourceNames))
                .putUnlessEmpty("nonResourceURLs", JsonArray.ofStrings(nonResourceUrls))
                .build();
    }

    boolean allows(RequestInfo request) {
        if (!has(verbs, request.verb())) {
            return false;
        }
        return request.resourceRequest()
                ? has(apiGroups, request.group())
                        && hasResource(request.resource(), request.subresource())
                        && (resourceNames.isEmpty() || resourceNames.contains(nameIn(request)))
                : hasPath(request.path());
    }

    /** A list of one object by its name counts as a request for that object. */
    private static String nameIn(RequestInfo request) {
        return switch (request.verb()) {
            case "list", "watch", "deletecollection" -> request.selectedName();
            default -> request.name();
        };
    }

    /** Whether this one allows all of the other, which is {@link #simple}. */
    boolean covers(PolicyRule simple) {
        if (!hasAll(verbs, simple.verbs)) {
            return false;
        }
        if (!simple.nonResourceUrls.isEmpty()) {
            return simple.nonResourceUrls.stream().allMatch(this::coversPath);
        }
        return hasAll(apiGroups, simple.apiGroups)
                && simple.resources.stream().allMatch(this::coversResource)
                && (resourceNames.isEmpty()
                        || (!simple.resourceNames.isEmpty()
                                && resourceNames.containsAll(simple.resourceNames)));
    }

    /** How many {@link #simple} rules this one is. */
    long size() {
        long onResources =
                (long) apiGroups.size() * resources.size() * Math.max(1, resourceNames.size());
        return verbs.size() * (onResources + nonResourceUrls.size());
    }

    /** The same as rules of one verb on one resource, of one name at most, or one path. */
    List<PolicyRule> simple() {
        List<PolicyRule> simple = new ArrayList<>();
        for (String verb : verbs) {
            for (String path : nonResourceUrls) {
                simple.add(onPaths(List.of(path), verb));
            }
            for (String group : apiGroups) {
                for (String resource : resources) {
                    PolicyRule all = on(group, List.of(resource), verb);
                    if (resourceNames.isEmpty()) {
                        simple.add(all);
                    }
                    resourceNames.forEach(name -> simple.add(all.withName(name)));
                }
            }
        }
        return simple;
    }

    private PolicyRule withName(String name) {
        return new PolicyRule(verbs, apiGroups, resources, List.of(name), nonResourceUrls);
    }

    PolicyRule withVerbs(List<String> others) {
        return new PolicyRule(others, apiGroups, resources, resourceNames, nonResourceUrls);
    }

    private boolean hasResource(String resource, String subresource) {
        if (resources.contains(ALL)) {
            return true;
        }
        return subresource.isEmpty()
                ? resources.contains(resource)
                : resources.contains(resource + "/" + subresource)
                        || resources.contains(ALL + "/" + subresource);
    }

    private boolean coversResource(String other) {
        int slash = other.indexOf('/');
        return slash < 0
                ? hasResource(other, "")
                : hasResource(other.substring(0, slash), other.substring(slash + 1));
    }

    private boolean hasPath(String path) {
        return nonResourceUrls.stream().anyMatch(url -> matches(url, path));
    }

    private boolean coversPath(String other) {
        return nonResourceUrls.stream()
                .anyMatch(
                        url ->
                                other.endsWith(ALL)
                                        ? url.endsWith(ALL) && matches(url, withoutStar(other))
                                        : matches(url, other));
    }

    private static boolean matches(String url, String path) {
        return url.endsWith(ALL)
                ? path.startsWith(withoutStar(url))
                : url.equals(path) || url.equals(path + "/");
    }

    private static String withoutStar(String url) {
        return url.substring(0, url.length() - 1);
    }

    private static boolean has(List<String> values, String value) {
        return values.contains(ALL) || values.contains(value);
    }

    private static boolean hasAll(List<String> values, List<String> others) {
        return values.contains(ALL) || values.containsAll(others);
    }

    /** As Kubernetes shows a rule in a refusal. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        add(parts, "APIGroups", apiGroups);
        add(parts, "Resources", resources);
        add(parts, "ResourceNames", resourceNames);
        add(parts, "NonResourceURLs", nonResourceUrls);
        add(parts, "Verbs", verbs);
        return "{" + String.join(", ", parts) + "}";
    }

    private static void add(List<String> parts, String name, List<String> values) {
        if (!values.isEmpty()) {
            parts.add(
                    name
                            + values.stream()
                                    .map(value -> "\"" + value + "\"")
                                    .collect(Collectors.joining(", ", ":[", "]")));
        }
    }
}
