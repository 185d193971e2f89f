// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A few kinds with just enough of their rules to test the store with. */
final class TestKinds implements Kinds {
    private final List<KindDefinition> all =
            List.of(
                    new TestKind(ResourceType.NAMESPACES, Set.of("status")),
                    new TestKind(ResourceType.NODES, Set.of("status")),
                    new TestKind(ResourceType.PODS, Set.of("status", "binding")),
                    new TestKind(ResourceType.CONFIG_MAPS, Set.of()),
                    new TestKind(ResourceType.SECRETS, Set.of()),
                    new TestKind(ResourceType.LEASES, Set.of()),
                    new TestKind(
                            ResourceType.CERTIFICATE_SIGNING_REQUESTS,
                            Set.of("status", "approval")),
                    new TestKind(ResourceType.DEPLOYMENTS, Set.of("status", "scale")));

    @Override
    public Collection<KindDefinition> all() {
        return all;
    }

    @Override
    public Optional<KindDefinition> byPlural(String group, String version, String plural) {
        return all.stream()
                .filter(
                        kind ->
                                kind.type().group().equals(group)
                                        && kind.type().version().equals(version)
                                        && kind.type().plural().equals(plural))
                .findFirst();
    }

    @Override
    public Optional<KindDefinition> byQualified(String qualified) {
        return all.stream().filter(kind -> kind.type().qualified().equals(qualified)).findFirst();
    }

    @Override
    public Optional<KindDefinition> byKind(String apiVersion, String kind) {
        return all.stream()
                .filter(
                        definition ->
                                definition.type().apiVersion().equals(apiVersion)
                                        && definition.type().kind().equals(kind))
                .findFirst();
    }

    private record TestKind(ResourceType type, Set<String> subresources) implements KindDefinition {

        @Override
        public String singular() {
            return type.kind();
        }

        @Override
        public List<String> shortNames() {
            return List.of();
        }

        @Override
        public List<String> categories() {
            return List.of();
        }

        @Override
        public boolean countsGenerations() {
            return type.equals(ResourceType.DEPLOYMENTS) || type.equals(ResourceType.PODS);
        }

        @Override
        public boolean lazy() {
            return type.equals(ResourceType.LEASES);
        }

        @Override
        public long deletionGraceSeconds(KubeObject object) {
            return type.equals(ResourceType.PODS)
                    ? object.spec().number("terminationGracePeriodSeconds").orElse(30)
                    : 0;
        }

        @Override
        public KubeObject withDefaults(KubeObject object) {
            return type.equals(ResourceType.DEPLOYMENTS) && !object.spec().has("replicas")
                    ? object.withSpec(object.spec().with("replicas", 1))
                    : object;
        }

        @Override
        public List<FieldError> validateCreate(KubeObject object) {
            List<FieldError> errors = new ArrayList<>();
            if (object.name().isEmpty()) {
                errors.add(
                        new FieldError(
                                "FieldValueRequired",
                                "metadata.name",
                                "Required value: name or generateName is required"));
            }
            if (object.spec().has("bad")) {
                errors.add(
                        new FieldError(
                                "FieldValueInvalid",
                                "spec.bad",
                                "Invalid value: \"bad\": must not be there"));
            }
            return errors;
        }

        @Override
        public List<FieldError> validateUpdate(
                KubeObject before, KubeObject after, String subresource) {
            return validateCreate(after);
        }

        @Override
        public List<String> unknownFields(JsonObject object) {
            return List.of();
        }

        @Override
        public Optional<String> wrongType(JsonObject object) {
            return Optional.empty();
        }

        @Override
        public JsonObject pruned(JsonObject object) {
            return object;
        }

        @Override
        public JsonObject strategicMerge(JsonObject current, JsonObject patch) {
            if (patch.has("$malformed")) {
                throw new IllegalArgumentException("unknown directive");
            }
            return current.with("strategic", patch);
        }

        @Override
        public boolean hasStrategicMerge() {
            return !type.equals(ResourceType.CONFIG_MAPS);
        }

        @Override
        public Set<String> selectableFields() {
            return type.equals(ResourceType.PODS)
                    ? Set.of("metadata.name", "metadata.namespace", "spec.nodeName", "status.phase")
                    : Set.of("metadata.name", "metadata.namespace");
        }

        @Override
        public String field(KubeObject object, String field) {
            return object.json().text(field.split("\\."));
        }

        @Override
        public List<Column> columns() {
            return List.of();
        }

        @Override
        public List<Json> cells(KubeObject object, Instant now) {
            return List.of();
        }

        @Override
        public Map<String, JsonObject> openApiSchemas() {
            return Map.of();
        }

        @Override
        public String openApiName() {
            return type.kind();
        }
    }
}
