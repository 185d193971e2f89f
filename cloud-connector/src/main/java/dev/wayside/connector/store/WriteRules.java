// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.KindDefinition.FieldError;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an object becomes when it is created or replaced: whose metadata holds, what counts as a
 * change. Pure.
 */
final class WriteRules {
    /** Set by the system; what a client says of them is not taken over. */
    private static final List<String> SYSTEM =
            List.of("deletionTimestamp", "deletionGracePeriodSeconds", "generation");

    private static final String NAMESPACE_LABEL = "kubernetes.io/metadata.name";
    private static final JsonArray NAMESPACE_FINALIZERS = JsonArray.of(Json.of("kubernetes"));

    private WriteRules() {}

    static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /**
     * The object with its API version and kind, which may be left out.
     *
     * @throws ApiException BadRequest if it is of another kind
     */
    static KubeObject ofKind(KindDefinition kind, KubeObject object) {
        ResourceType type = kind.type();
        if (!object.apiVersion().isEmpty() && !object.apiVersion().equals(type.apiVersion())) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    "the API version in the data ("
                            + object.apiVersion()
                            + ") does not match the expected API version ("
                            + type.apiVersion()
                            + ")");
        }
        if (!object.kind().isEmpty() && !object.kind().equals(type.kind())) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    object.kind()
                            + " in version \""
                            + type.apiVersion()
                            + "\" cannot be handled as a "
                            + type.kind());
        }
        return object.kind().isEmpty() || object.apiVersion().isEmpty()
                ? new KubeObject(
                        JsonObject.builder()
                                .put("apiVersion", type.apiVersion())
                                .put("kind", type.kind())
                                .putAll(object.json().without("apiVersion").without("kind"))
                                .build())
                : object;
    }

    /** A new object as it is stored, defaulted and not yet validated. */
    static KubeObject created(
            KindDefinition kind, KubeObject object, String name, String uid, Instant now) {
        JsonObject given = object.metadata();
        JsonObject.Builder metadata = JsonObject.builder();
        metadata.putUnlessEmpty("name", name);
        metadata.putAll(given.without("name"));
        SYSTEM.forEach(metadata::remove);
        metadata.remove("resourceVersion");
        metadata.remove("selfLink");
        metadata.remove("managedFields"); // begins with whoever creates it
        metadata.put("uid", uid);
        metadata.put("creationTimestamp", time(now));
        if (kind.countsGenerations()) {
            metadata.put("generation", 1);
        }
        KubeObject created = object.withMetadata(metadata.build());
        if (kind.subresources().contains("status")) {
            created = new KubeObject(created.json().without("status"));
        }
        if (isNamespace(kind)) {
            created = newNamespace(created);
        }
        return kind.withDefaults(created);
    }

    private static KubeObject newNamespace(KubeObject namespace) {
        JsonObject labels =
                namespace.metadata().object("labels").with(NAMESPACE_LABEL, namespace.name());
        return namespace
                .withMetadata("labels", labels)
                .withSpec(namespace.spec().with("finalizers", NAMESPACE_FINALIZERS))
                .withStatus(JsonObject.of("phase", "Active"));
    }

    static boolean isNamespace(KindDefinition kind) {
        return kind.type().qualified().equals(ResourceType.NAMESPACES.qualified());
    }

    /**
     * What a replacement makes of an object, without a revision. Not yet validated.
     *
     * @throws ApiException NotFound if the kind has no such subresource, Conflict, BadRequest
     */
    static KubeObject replaced(
            KindDefinition kind,
            KubeObject before,
            KubeObject object,
            String subresource,
            Instant now) {
        Set<String> subresources = kind.subresources();
        boolean known =
                subresource.isEmpty()
                        || subresources.contains(subresource)
                        || (subresource.equals("finalize") && isNamespace(kind));
        if (!known) {
            throw new ApiException(
                    Reason.NOT_FOUND, "the server could not find the requested resource");
        }
        KubeObject after =
                switch (subresource) {
                    case "" -> whole(kind, before, ofKind(kind, object));
                    case "status" -> with(before, "status", ofKind(kind, object));
                    case "approval" -> approved(before, ofKind(kind, object));
                    case "finalize" ->
                            before.withSpec(
                                    before.spec()
                                            .with(
                                                    "finalizers",
                                                    ofKind(kind, object)
                                                            .spec()
                                                            .array("finalizers")));
                    case "scale" -> kind.withDefaults(Scales.applied(kind, before, object));
                    case "binding" -> bound(kind, before, object, now);
                    default ->
                            throw new ApiException(
                                    Reason.METHOD_NOT_ALLOWED,
                                    "the server does not allow this method on the requested"
                                            + " resource");
                };
        return counted(kind, before, after.withoutMetadata("resourceVersion"));
    }

    private static KubeObject whole(KindDefinition kind, KubeObject before, KubeObject object) {
        JsonObject.Builder metadata = object.metadata().toBuilder();
        for (String field : SYSTEM) {
            metadata.remove(field).put(field, before.metadata().get(field));
        }
        metadata.remove("selfLink");
        for (String field : List.of("name", "namespace", "uid", "creationTimestamp")) {
            if (object.metadata().text(field).isEmpty()) {
                metadata.remove(field).put(field, before.metadata().get(field));
            }
        }
        KubeObject after = object.withMetadata(metadata.build());
        if (kind.subresources().contains("status")) {
            after = with(after, "status", before);
        }
        if (isNamespace(kind)) {
            // Only the namespace's own way out, "finalize", takes these away.
            after =
                    after.withSpec(
                            after.spec().toBuilder()
                                    .remove("finalizers")
                                    .put("finalizers", before.spec().get("finalizers"))
                                    .build());
        }
        return kind.keeping(before, kind.withDefaults(after));
    }

    private static KubeObject with(KubeObject object, String member, KubeObject from) {
        Optional<Json> value = from.json().get(member);
        return value.isPresent()
                ? object.with(member, value.get())
                : new KubeObject(object.json().without(member));
    }

    private static KubeObject approved(KubeObject before, KubeObject object) {
        return before.withStatus(
                before.status().with("conditions", object.status().array("conditions")));
    }

    private static KubeObject bound(
            KindDefinition kind, KubeObject pod, KubeObject binding, Instant now) {
        String node = binding.json().text("target", "name");
        if (node.isEmpty() || !binding.json().text("target", "kind").matches("|Node")) {
            throw ApiException.invalid(
                    "Binding",
                    pod.name(),
                    List.of(
                            new Cause(
                                    "FieldValueRequired",
                                    "Required value: must name a Node",
                                    "target.name")));
        }
        ObjectKey key = pod.key(kind.type());
        if (pod.deleted().isPresent()) {
            throw bindingConflict(
                    key, "pod " + pod.name() + " is being deleted, cannot be assigned to a host");
        }
        String assigned = pod.spec().text("nodeName");
        if (!assigned.isEmpty()) {
            throw bindingConflict(
                    key, "pod " + pod.name() + " is already assigned to node \"" + assigned + "\"");
        }
        JsonObject scheduled =
                JsonObject.builder()
                        .put("type", "PodScheduled")
                        .put("status", "True")
                        .put("lastTransitionTime", time(now))
                        .build();
        List<Json> conditions = new ArrayList<>();
        for (JsonObject condition : pod.status().array("conditions").objects()) {
            if (!condition.text("type").equals("PodScheduled")) {
                conditions.add(condition);
            }
        }
        conditions.add(scheduled);
        KubeObject bound =
                pod.withSpec(pod.spec().with("nodeName", node))
                        .withStatus(pod.status().with("conditions", new JsonArray(conditions)));
        JsonObject annotations = binding.metadata().object("annotations");
        return annotations.isEmpty()
                ? bound
                : bound.withMetadata(
                        "annotations",
                        pod.metadata().object("annotations").toBuilder()
                                .putAll(annotations)
                                .build());
    }

    private static ApiException bindingConflict(ObjectKey key, String why) {
        return ApiException.conflict(
                new ObjectKey(key.resource() + "/binding", key.namespace(), key.name()), why);
    }

    private static KubeObject counted(KindDefinition kind, KubeObject before, KubeObject after) {
        return kind.countsGenerations() && !essence(kind, before).equals(essence(kind, after))
                ? after.withMetadata("generation", Json.of(before.generation() + 1))
                : after;
    }

    /** Without a subresource of its own, a status is a field like any other. */
    private static JsonObject essence(KindDefinition kind, KubeObject object) {
        JsonObject rest = object.json().without("metadata").without("apiVersion");
        return kind.subresources().contains("status") ? rest.without("status") : rest;
    }

    /**
     * Refuses a write whose object names another revision or UID.
     *
     * @throws ApiException Conflict
     */
    static void checkPreconditions(ObjectKey key, KubeObject before, KubeObject object) {
        String uid = object.uid();
        if (!uid.isEmpty() && !uid.equals(before.uid())) {
            throw ApiException.conflict(
                    key,
                    "Precondition failed: UID in precondition: "
                            + uid
                            + ", UID in object meta: "
                            + before.uid());
        }
        String revision = object.resourceVersion();
        if (!revision.isEmpty() && !revision.equals(before.resourceVersion())) {
            throw modified(key);
        }
    }

    static ApiException modified(ObjectKey key) {
        return ApiException.conflict(
                key,
                "the object has been modified; please apply your changes to the latest version and"
                        + " try again");
    }

    /**
     * @throws ApiException Invalid with all that is wrong
     */
    static void refuseIfWrong(KindDefinition kind, KubeObject object, List<FieldError> errors) {
        if (!errors.isEmpty()) {
            ResourceType type = kind.type();
            String name =
                    object.name().isEmpty()
                            ? object.metadata().text("generateName")
                            : object.name();
            throw ApiException.invalid(
                    type.group().isEmpty() ? type.kind() : type.kind() + "." + type.group(),
                    name,
                    errors.stream()
                            .map(error -> new Cause(error.reason(), error.message(), error.field()))
                            .toList());
        }
    }
}
