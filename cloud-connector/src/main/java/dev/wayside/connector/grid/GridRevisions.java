// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a grid under a rollout asked at some time, as ControllerRevisions that go with their grid. A
 * revision's name tells its content, so that the same spec is the same revision. Safe for any
 * thread.
 */
final class GridRevisions {
    static final String BY = "gridrollout-controller";
    private static final ResourceType TYPE = ResourceType.CONTROLLER_REVISIONS;
    private static final int HASH_CHARS = 10;

    private record Named(long generation, String name) {}

    private final Cluster cluster;
    private final Informer revisions;

    /** By the UID of the grid: hashing is not to be done for each of its sites. */
    private final Map<String, Named> names = new ConcurrentHashMap<>();

    GridRevisions(Cluster cluster) {
        this.cluster = cluster;
        this.revisions = cluster.informer(TYPE);
    }

    /** To be called when the grid is gone. */
    void forget(KubeObject grid) {
        names.remove(grid.uid());
    }

    /** The revision of what the grid asks now; it need not be kept yet. */
    String of(KubeObject grid) {
        Named known = names.get(grid.uid());
        if (known == null || known.generation() != grid.generation()) {
            known = new Named(grid.generation(), name(grid, grid.spec()));
            names.put(grid.uid(), known);
        }
        return known.name();
    }

    /** The grid as it was at that revision, but for what tells sites apart; empty if lost. */
    Optional<KubeObject> at(KubeObject grid, String revision) {
        if (revision.equals(of(grid))) {
            return Optional.of(grid);
        }
        return revisions
                .get(grid.namespace(), revision)
                .filter(kept -> GridChild.isOf(grid, kept))
                .map(kept -> kept.json().object("data", "spec"))
                .map(spec -> grid.withSpec(spec.with("gridUniqKey", GridChild.key(grid))));
    }

    /**
     * Whether that revision means for a site what the grid would ask.
     *
     * @param grid as it is now
     * @param asks the grid as it is, or as it would be
     */
    boolean means(KubeObject grid, String revision, String site, KubeObject asks) {
        Optional<KubeObject> then = at(grid, revision);
        try {
            return then.isPresent()
                    && GridTranslation.template(then.get(), site)
                            .equals(GridTranslation.template(asks, site));
        } catch (SiteFailure e) {
            return false; // one of them cannot be made; the grid's status says why
        }
    }

    /**
     * Keeps it; harmless if it is kept already.
     *
     * @return its name
     */
    String keep(KubeObject grid, JsonObject spec) {
        String name = name(grid, spec);
        Optional<KubeObject> there = revisions.get(grid.namespace(), name);
        if (there.isPresent()) {
            takeOver(grid, there.get());
        } else {
            long newest =
                    revisions.ownedBy(grid.uid()).stream()
                            .mapToLong(kept -> kept.json().number("revision").orElse(0))
                            .max()
                            .orElse(0);
            KubeObject revision =
                    KubeObject.of(TYPE, grid.namespace(), name)
                            .withLabels(Map.of(GridChild.GRID_LABEL, SiteNames.label(grid.name())))
                            .withMetadata(
                                    "ownerReferences",
                                    JsonArray.of(OwnerReference.controllerOf(grid).toJson()))
                            .with("data", JsonObject.of("spec", spec))
                            .with("revision", Json.of(newest + 1));
            try {
                revisions.write(() -> cluster.store().create(TYPE, revision, WriteOptions.by(BY)));
            } catch (ApiException e) {
                if (e.reason() != Reason.ALREADY_EXISTS) {
                    throw e;
                }
            }
        }
        return name;
    }

    /** A grid of that name that is no more may have left it with its children. */
    private void takeOver(KubeObject grid, KubeObject revision) {
        boolean others =
                revision.controller()
                        .filter(
                                owner ->
                                        !owner.kind().equals(grid.kind())
                                                || !owner.name().equals(grid.name()))
                        .isPresent();
        if (others || GridChild.isOf(grid, revision)) {
            return;
        }
        KubeObject ours =
                revision.withMetadata(
                        "ownerReferences",
                        JsonArray.of(OwnerReference.controllerOf(grid).toJson()));
        revisions.write(() -> cluster.store().update(TYPE, ours, "", WriteOptions.by(BY)));
    }

    /** Deletes those that nobody can go back to. */
    void prune(KubeObject grid, Set<String> used) {
        for (KubeObject kept : revisions.ownedBy(grid.uid())) {
            if (!used.contains(kept.name())) {
                cluster.delete(TYPE, kept, OptionalLong.empty());
            }
        }
    }

    private static String name(KubeObject grid, JsonObject spec) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(
                                    (grid.kind() + ordered(spec).toJson())
                                            .getBytes(StandardCharsets.UTF_8));
            return grid.name() + "-" + HexFormat.of().formatHex(digest).substring(0, HASH_CHARS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Members in order: how the user happened to write them does not matter. */
    private static Json ordered(Json json) {
        if (json instanceof JsonObject object) {
            Map<String, Json> members = new TreeMap<>();
            object.members().forEach((name, value) -> members.put(name, ordered(value)));
            return JsonObject.of(members);
        }
        return json instanceof JsonArray array
                ? new JsonArray(array.items().stream().map(GridRevisions::ordered).toList())
                : json;
    }
}
