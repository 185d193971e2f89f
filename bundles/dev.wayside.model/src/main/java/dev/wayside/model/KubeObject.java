// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A Kubernetes object: the tree as it came, with names for the parts that every kind has. */
public record KubeObject(JsonObject json) {

    /** An object of the type with nothing but its name. */
    public static KubeObject of(ResourceType type, String namespace, String name) {
        JsonObject.Builder metadata = JsonObject.builder().put("name", name);
        if (type.namespaced()) {
            metadata.put("namespace", namespace);
        }
        return new KubeObject(
                JsonObject.builder()
                        .put("apiVersion", type.apiVersion())
                        .put("kind", type.kind())
                        .put("metadata", metadata.build())
                        .build());
    }

    public String apiVersion() {
        return json.text("apiVersion");
    }

    public String kind() {
        return json.text("kind");
    }

    public JsonObject metadata() {
        return json.object("metadata");
    }

    public String name() {
        return metadata().text("name");
    }

    /** {@code ""} for cluster-wide kinds. */
    public String namespace() {
        return metadata().text("namespace");
    }

    public String uid() {
        return metadata().text("uid");
    }

    /** Opaque: compare for equality only. */
    public String resourceVersion() {
        return metadata().text("resourceVersion");
    }

    public long generation() {
        return metadata().number("generation").orElse(0);
    }

    public Map<String, String> labels() {
        return metadata().object("labels").strings();
    }

    public Map<String, String> annotations() {
        return metadata().object("annotations").strings();
    }

    public Optional<String> annotation(String key) {
        return metadata().object("annotations").string(key);
    }

    public List<String> finalizers() {
        return metadata().array("finalizers").strings();
    }

    public List<OwnerReference> owners() {
        return metadata().array("ownerReferences").objects().stream()
                .map(OwnerReference::of)
                .toList();
    }

    public Optional<OwnerReference> controller() {
        return owners().stream().filter(OwnerReference::controller).findFirst();
    }

    public Optional<Instant> created() {
        return time(metadata(), "creationTimestamp");
    }

    /** Present once deletion was asked for. */
    public Optional<Instant> deleted() {
        return time(metadata(), "deletionTimestamp");
    }

    public OptionalLong deletionGraceSeconds() {
        return metadata().number("deletionGracePeriodSeconds");
    }

    public JsonObject spec() {
        return json.object("spec");
    }

    public JsonObject status() {
        return json.object("status");
    }

    public ObjectKey key(ResourceType type) {
        return type.key(namespace(), name());
    }

    public KubeObject with(String name, Json value) {
        return new KubeObject(json.with(name, value));
    }

    public KubeObject withMetadata(JsonObject metadata) {
        return with("metadata", metadata);
    }

    public KubeObject withMetadata(String name, Json value) {
        return withMetadata(metadata().with(name, value));
    }

    public KubeObject withoutMetadata(String name) {
        return withMetadata(metadata().without(name));
    }

    /** Sets labels; an empty map removes the field. */
    public KubeObject withLabels(Map<String, String> labels) {
        return labels.isEmpty()
                ? withoutMetadata("labels")
                : withMetadata("labels", JsonObject.ofStrings(labels));
    }

    /** Sets annotations; an empty map removes the field. */
    public KubeObject withAnnotations(Map<String, String> annotations) {
        return annotations.isEmpty()
                ? withoutMetadata("annotations")
                : withMetadata("annotations", JsonObject.ofStrings(annotations));
    }

    public KubeObject withSpec(JsonObject spec) {
        return with("spec", spec);
    }

    public KubeObject withStatus(JsonObject status) {
        return with("status", status);
    }

    /** The condition of the type in {@code status.conditions}. */
    public Optional<JsonObject> condition(String type) {
        return status().array("conditions").objects().stream()
                .filter(condition -> condition.text("type").equals(type))
                .findFirst();
    }

    public boolean conditionIsTrue(String type) {
        return condition(type)
                .filter(condition -> condition.text("status").equals("True"))
                .isPresent();
    }

    /** A time in RFC 3339, as Kubernetes writes it; empty if absent or malformed. */
    public static Optional<Instant> time(JsonObject object, String name) {
        return object.string(name).map(KubeObject::parseTime);
    }

    private static @Nullable Instant parseTime(String text) {
        try {
            return java.time.OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        // Never the content: objects may be Secrets and this ends up in logs.
        return kind() + " " + (namespace().isEmpty() ? name() : namespace() + "/" + name());
    }
}
