// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * The pod templates that workloads of one kind have had, as ControllerRevisions: made when a
 * template is new, numbered anew when it comes back, trimmed to {@code revisionHistoryLimit}. Each
 * keeps the patch that brings its template back, written as {@code kubectl rollout undo} writes it
 * for comparison: members in order, and {@code resources} where it is empty too. Names come from
 * the content, so that none is made twice. Safe for any thread.
 */
final class TemplateRevisions {
    private static final String HASH = "controller.kubernetes.io/hash";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final String PATCH = "$patch";

    /** The name is also the value of a label of each pod. */
    private static final int LONGEST_BASE = 52;

    private static final int MOST_COLLISIONS = 100;

    private static final Comparator<KubeObject> OLDEST =
            Comparator.comparingLong(TemplateRevisions::number).thenComparing(Revisions.OLDEST);

    /**
     * @param collisions how often a name was taken by another template
     */
    record Latest(KubeObject revision, long collisions) {}

    private final Cluster cluster;
    private final Informer revisions;
    private final Claims claims;
    private final WriteOptions options;

    /**
     * @param by the name of the controller
     */
    TemplateRevisions(Cluster cluster, Informer owners, String by) {
        this.cluster = cluster;
        this.revisions = cluster.informer(ResourceType.CONTROLLER_REVISIONS);
        this.options = WriteOptions.by(by);
        this.claims = new Claims(cluster.store(), owners, revisions, options);
    }

    /** The owners that might adopt a revision that nobody controls. */
    List<KubeObject> thatMayClaim(KubeObject revision) {
        return claims.thatMayClaim(revision);
    }

    /** The owner's, oldest first, after taking and letting go. */
    List<KubeObject> of(KubeObject owner) {
        List<KubeObject> all = new ArrayList<>(claims.claim(owner));
        all.removeIf(revision -> revision.deleted().isPresent());
        all.sort(OLDEST);
        return all;
    }

    static long number(KubeObject revision) {
        return revision.json().number("revision").orElse(0);
    }

    /** The pod template that a revision keeps. */
    static JsonObject template(KubeObject revision) {
        return revision.json().object("data", "spec", "template").without(PATCH);
    }

    /**
     * The revision of the owner's present template, which is made, or made the newest, if need be.
     *
     * @param known the owner's, oldest first
     */
    Latest latest(KubeObject owner, List<KubeObject> known) {
        long collisions = owner.status().number("collisionCount").orElse(0);
        JsonObject data = data(owner);
        long next = known.isEmpty() ? 1 : number(known.get(known.size() - 1)) + 1;
        for (int i = known.size() - 1; i >= 0; i--) {
            KubeObject same = known.get(i);
            if (same.json().object("data").equals(data)) {
                boolean isNewest = i == known.size() - 1;
                return new Latest(isNewest ? same : renumber(same, next), collisions);
            }
        }
        return create(owner, data, next, collisions);
    }

    private KubeObject renumber(KubeObject revision, long number) {
        KubeObject renumbered = revision.with("revision", Json.of(number));
        return revisions.write(
                () ->
                        cluster.store()
                                .update(
                                        ResourceType.CONTROLLER_REVISIONS,
                                        renumbered,
                                        "",
                                        options));
    }

    private Latest create(KubeObject owner, JsonObject data, long number, long collisionsBefore) {
        for (long collisions = collisionsBefore; ; collisions++) {
            KubeObject revision = revision(owner, data, number, collisions);
            try {
                KubeObject made =
                        revisions.write(
                                () ->
                                        cluster.store()
                                                .create(
                                                        ResourceType.CONTROLLER_REVISIONS,
                                                        revision,
                                                        options));
                return new Latest(made, collisions);
            } catch (ApiException e) {
                if (e.reason() != Reason.ALREADY_EXISTS
                        || collisions - collisionsBefore > MOST_COLLISIONS) {
                    throw e;
                }
                Optional<KubeObject> there =
                        cluster.store().get(revision.key(ResourceType.CONTROLLER_REVISIONS));
                if (there.filter(other -> isOf(owner, other) && keeps(data, other)).isPresent()) {
                    // Ours, seen late, or just let go by somebody else.
                    return new Latest(there.orElseThrow(), collisions);
                }
            }
        }
    }

    private static boolean isOf(KubeObject owner, KubeObject revision) {
        return revision.controller()
                .filter(reference -> reference.uid().equals(owner.uid()))
                .isPresent();
    }

    private static boolean keeps(JsonObject data, KubeObject revision) {
        return revision.json().object("data").equals(data);
    }

    private static KubeObject revision(
            KubeObject owner, JsonObject data, long number, long collisions) {
        String base = owner.name();
        String cut = base.substring(0, Math.min(base.length(), LONGEST_BASE));
        // Cut names may be alike; their hashes must not be.
        String hash =
                PodTemplates.hash(cut.equals(base) ? data : data.with("of", base), collisions);
        Map<String, String> labels =
                new LinkedHashMap<>(
                        owner.spec().object("template", "metadata", "labels").strings());
        labels.put(HASH, hash);
        Map<String, String> annotations = new LinkedHashMap<>(owner.annotations());
        annotations.remove(LAST_APPLIED);
        return KubeObject.of(ResourceType.CONTROLLER_REVISIONS, owner.namespace(), cut + "-" + hash)
                .withLabels(labels)
                .withAnnotations(annotations)
                .withMetadata(
                        "ownerReferences",
                        JsonArray.of(OwnerReference.controllerOf(owner).toJson()))
                .with("data", data)
                .with("revision", Json.of(number));
    }

    /** The patch that gives an object the owner's present template. */
    private static JsonObject data(KubeObject owner) {
        JsonObject template = owner.spec().object("template");
        JsonObject spec = template.object("spec");
        for (String list : List.of("containers", "initContainers")) {
            if (spec.has(list)) {
                spec = spec.with(list, withResources(spec.array(list)));
            }
        }
        return (JsonObject)
                sorted(
                        JsonObject.of(
                                "spec",
                                JsonObject.of(
                                        "template",
                                        template.with("spec", spec).with(PATCH, "replace"))));
    }

    private static JsonArray withResources(JsonArray containers) {
        return new JsonArray(
                containers.objects().stream()
                        .<Json>map(
                                container ->
                                        container.has("resources")
                                                ? container
                                                : container.with("resources", JsonObject.EMPTY))
                        .toList());
    }

    private static Json sorted(Json value) {
        if (value instanceof JsonObject object) {
            Map<String, Json> members = new TreeMap<>();
            object.members().forEach((name, member) -> members.put(name, sorted(member)));
            return JsonObject.of(members);
        }
        return value instanceof JsonArray array
                ? new JsonArray(array.items().stream().map(TemplateRevisions::sorted).toList())
                : value;
    }

    /**
     * Removes the oldest beyond the history that is to be kept.
     *
     * @param live the names of those that are in use, which stay and do not count
     */
    void trim(KubeObject owner, List<KubeObject> known, Set<String> live) {
        List<KubeObject> history =
                known.stream().filter(revision -> !live.contains(revision.name())).toList();
        long surplus = history.size() - owner.spec().number("revisionHistoryLimit").orElse(10);
        for (KubeObject revision : history) {
            if (surplus-- <= 0) {
                return;
            }
            cluster.delete(ResourceType.CONTROLLER_REVISIONS, revision, OptionalLong.empty());
        }
    }
}
