// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Rolls each Deployment out through its ReplicaSets, as Kubernetes does: a ReplicaSet per pod
 * template, named by the template's hash, so that it cannot be made twice; revisions for {@code
 * kubectl rollout undo}; and a status for {@code kubectl rollout status}.
 */
public final class DeploymentController implements AutoCloseable {
    private static final String NAME = "deployment-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    private final Cluster cluster;
    private final Informer deployments;
    private final Informer replicaSets;
    private final Claims claims;
    private final Controller<ObjectKey> controller;

    public DeploymentController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.deployments = cluster.deployments();
        this.replicaSets = cluster.replicaSets();
        this.claims = new Claims(cluster.store(), deployments, replicaSets, AS_ME);
        this.controller =
                new Controller<>(
                        "deployment",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> deployments.all().forEach(this::add));
        deployments.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        replicaSets.addListener(
                (before, after) -> {
                    addOwner(before);
                    addOwner(after);
                    if (after != null && Claims.isNewlyUnclaimed(before, after)) {
                        claims.thatMayClaim(after).forEach(this::add);
                    }
                });
        // Recreate waits for the old pods' end, of which their ReplicaSet's status says nothing.
        cluster.pods()
                .addListener(
                        (before, after) -> {
                            if (before != null && (after == null || PodFacts.isFinished(after))) {
                                before.controller()
                                        .flatMap(
                                                owner ->
                                                        replicaSets.get(
                                                                before.namespace(), owner.name()))
                                        .ifPresent(this::addOwner);
                            }
                        });
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject deployment) {
        controller.add(deployment.key(ResourceType.DEPLOYMENTS));
    }

    private void addOwner(@Nullable KubeObject replicaSet) {
        if (replicaSet != null) {
            replicaSet
                    .controller()
                    .filter(owner -> owner.kind().equals(ResourceType.DEPLOYMENTS.kind()))
                    .map(
                            owner ->
                                    ResourceType.DEPLOYMENTS.key(
                                            replicaSet.namespace(), owner.name()))
                    .ifPresent(controller::add);
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = deployments.get(key);
        if (found.isEmpty() || Claims.selector(found.get()).isEmpty()) {
            return Optional.empty();
        }
        return new Step(found.get()).run();
    }

    /** One step of one Deployment. */
    private final class Step {
        private final KubeObject deployment;
        private final RollingUpdate rolling;
        private final List<KubeObject> old = new ArrayList<>();
        private @Nullable KubeObject fresh;
        private boolean created;
        private long collisions;

        Step(KubeObject deployment) {
            this.deployment = deployment;
            this.rolling = RollingUpdate.of(deployment);
            this.collisions = deployment.status().number("collisionCount").orElse(0);
        }

        Optional<Duration> run() {
            List<KubeObject> sets = new ArrayList<>(claims.claim(deployment));
            sets.removeIf(set -> set.deleted().isPresent());
            sets.sort(Revisions.OLDEST);
            Optional<KubeObject> current = Revisions.current(deployment, sets);
            current.ifPresent(set -> fresh = set);
            sets.stream()
                    .filter(set -> current.isEmpty() || !set.uid().equals(current.get().uid()))
                    .forEach(old::add);
            if (deployment.deleted().isPresent()) {
                return writeStatus();
            }
            if (deployment.spec().flag("paused")) {
                scaleInProportion();
            } else if (wasResized()) {
                scaleInProportion();
            } else if (RollingUpdate.isRecreate(deployment)) {
                recreate();
            } else {
                roll();
            }
            Optional<Duration> again = writeStatus();
            cleanUp();
            return again;
        }

        private boolean wasResized() {
            return all().stream()
                    .filter(set -> RollingUpdate.replicas(set) > 0)
                    .anyMatch(
                            set ->
                                    RollingUpdate.annotation(
                                                    set, RollingUpdate.DESIRED, rolling.replicas())
                                            != rolling.replicas());
        }

        private void scaleInProportion() {
            List<KubeObject> active =
                    all().stream().filter(set -> RollingUpdate.replicas(set) > 0).toList();
            KubeObject only =
                    active.size() == 1 ? active.get(0) : active.isEmpty() ? latest() : null;
            if (only != null) {
                scale(only, rolling.replicas());
            } else if (fresh != null && isSaturated(fresh)) {
                old.stream()
                        .filter(set -> RollingUpdate.replicas(set) > 0)
                        .toList()
                        .forEach(set -> scale(set, 0));
                refreshNumbers();
            } else if (RollingUpdate.isRecreate(deployment)) {
                refreshNumbers();
            } else {
                rolling.proportional(active).forEach(this::scale);
                refreshNumbers();
            }
        }

        /** Sets the numbers also where the count stays, or the resizing would never be over. */
        private void refreshNumbers() {
            for (KubeObject set : all()) {
                if (RollingUpdate.replicas(set) > 0) {
                    scale(set, RollingUpdate.replicas(set));
                }
            }
        }

        private @Nullable KubeObject latest() {
            return fresh != null ? fresh : old.isEmpty() ? null : old.get(old.size() - 1);
        }

        private boolean isSaturated(KubeObject set) {
            return RollingUpdate.replicas(set) == rolling.replicas()
                    && RollingUpdate.available(set) == rolling.replicas()
                    && RollingUpdate.annotation(set, RollingUpdate.DESIRED, -1)
                            == rolling.replicas();
        }

        private void roll() {
            KubeObject current = current(Math.min(rolling.replicas(), room(0)));
            long wanted =
                    Math.min(
                            rolling.replicas(),
                            RollingUpdate.replicas(current) + room(asked(current)));
            if (wanted != RollingUpdate.replicas(current)) {
                current = scale(current, wanted);
            }
            rolling.oldReplicas(List.copyOf(old), current).forEach(this::scale);
        }

        /**
         * How many more pods the new ReplicaSet may have. None while an old one has not followed
         * its last scaling: until then the pods that it has, or is about to make, are not known.
         */
        private long room(long askedByNew) {
            boolean settled =
                    old.stream()
                            .allMatch(
                                    set ->
                                            set.status().number("observedGeneration").orElse(0)
                                                    >= set.generation());
            long taken = askedByNew + old.stream().mapToLong(this::asked).sum();
            return settled ? Math.max(0, rolling.replicas() + rolling.surge() - taken) : 0;
        }

        /** What it asks for, or has, if that is still more. */
        private long asked(KubeObject set) {
            long there =
                    cluster.pods().ownedBy(set.uid()).stream().filter(PodFacts::isActive).count();
            return Math.max(RollingUpdate.replicas(set), there);
        }

        private void recreate() {
            old.stream()
                    .filter(set -> RollingUpdate.replicas(set) > 0)
                    .toList()
                    .forEach(set -> scale(set, 0));
            boolean gone =
                    old.stream()
                            .flatMap(set -> cluster.pods().ownedBy(set.uid()).stream())
                            .allMatch(PodFacts::isFinished);
            if (gone) {
                KubeObject current = current(rolling.replicas());
                if (RollingUpdate.replicas(current) != rolling.replicas()) {
                    scale(current, rolling.replicas());
                }
            }
        }

        /** The ReplicaSet of the present template, made if it is not there, with its revision. */
        private KubeObject current(long replicasAtFirst) {
            long revision = Revisions.next(old);
            KubeObject set = fresh == null ? create(replicasAtFirst, revision) : fresh;
            Map<String, String> annotations =
                    Revisions.annotations(deployment, set.annotations(), revision);
            JsonObject spec = set.spec();
            JsonObject wanted = deployment.spec();
            if (wanted.number("minReadySeconds").orElse(0)
                    != spec.number("minReadySeconds").orElse(0)) {
                spec = spec.with("minReadySeconds", wanted.number("minReadySeconds").orElse(0));
            }
            if (!annotations.equals(set.annotations()) || !spec.equals(set.spec())) {
                set = update(set.withAnnotations(annotations).withSpec(spec));
            }
            fresh = set;
            String shown = Long.toString(Revisions.of(set));
            if (!deployment.annotation(Revisions.REVISION).orElse("").equals(shown)) {
                annotate(shown);
            }
            return set;
        }

        private void annotate(String revision) {
            JsonObject body =
                    JsonObject.of(
                            "metadata",
                            JsonObject.of(
                                    "annotations", JsonObject.of(Revisions.REVISION, revision)));
            deployments.write(
                    () ->
                            cluster.store()
                                    .patch(
                                            ResourceType.DEPLOYMENTS,
                                            deployment.key(ResourceType.DEPLOYMENTS),
                                            Patch.merge(body),
                                            "",
                                            AS_ME));
        }

        private KubeObject create(long replicas, long revision) {
            KubeObject set = newReplicaSet(replicas, revision);
            try {
                KubeObject made =
                        replicaSets.write(
                                () ->
                                        cluster.store()
                                                .create(ResourceType.REPLICA_SETS, set, AS_ME));
                created = true;
                tellScaled("up", made, 0, replicas);
                return made;
            } catch (ApiException e) {
                if (e.reason() == Reason.ALREADY_EXISTS) {
                    return taken(set);
                }
                cluster.warn(
                        deployment,
                        "ReplicaSetCreateError",
                        "Failed to create new replica set \""
                                + set.name()
                                + "\": "
                                + e.getMessage(),
                        NAME);
                throw e;
            }
        }

        /** The name is there already: ours, seen late; or another template with our hash. */
        private KubeObject taken(KubeObject wanted) {
            Optional<KubeObject> there = cluster.store().get(wanted.key(ResourceType.REPLICA_SETS));
            boolean ours =
                    there.flatMap(KubeObject::controller)
                            .filter(owner -> owner.uid().equals(deployment.uid()))
                            .isPresent();
            boolean same =
                    there.filter(
                                    set ->
                                            PodTemplates.same(
                                                    set.spec().object("template"),
                                                    wanted.spec().object("template")))
                            .isPresent();
            if (ours && same) {
                return there.orElseThrow();
            }
            if (there.isPresent() && there.get().deleted().isEmpty()) {
                collisions++;
                writeStatus();
            }
            throw ApiException.conflict(
                    wanted.key(ResourceType.REPLICA_SETS), "the name is taken by another");
        }

        private KubeObject newReplicaSet(long replicas, long revision) {
            JsonObject template = deployment.spec().object("template");
            String hash = PodTemplates.hash(template, collisions);
            Map<String, String> labels =
                    new LinkedHashMap<>(template.object("metadata", "labels").strings());
            labels.put(PodTemplates.HASH_LABEL, hash);
            JsonObject selector =
                    deployment
                            .spec()
                            .object("selector")
                            .withAt(List.of("matchLabels", PodTemplates.HASH_LABEL), Json.of(hash));
            JsonObject.Builder spec =
                    JsonObject.builder().put("replicas", replicas).put("selector", selector);
            deployment
                    .spec()
                    .number("minReadySeconds")
                    .ifPresent(seconds -> spec.put("minReadySeconds", seconds));
            spec.put(
                    "template",
                    template.withAt(List.of("metadata", "labels"), JsonObject.ofStrings(labels)));
            return KubeObject.of(
                            ResourceType.REPLICA_SETS,
                            deployment.namespace(),
                            deployment.name() + "-" + hash)
                    .withLabels(labels)
                    .withAnnotations(Revisions.annotations(deployment, Map.of(), revision))
                    .withMetadata(
                            "ownerReferences",
                            JsonArray.of(OwnerReference.controllerOf(deployment).toJson()))
                    .withSpec(spec.build());
        }

        private KubeObject scale(KubeObject set, long replicas) {
            Map<String, String> annotations = Revisions.withNumbers(deployment, set.annotations());
            long before = RollingUpdate.replicas(set);
            if (before == replicas && annotations.equals(set.annotations())) {
                return set;
            }
            KubeObject scaled =
                    update(
                            set.withAnnotations(annotations)
                                    .withSpec(set.spec().with("replicas", replicas)));
            if (before != replicas) {
                tellScaled(before < replicas ? "up" : "down", set, before, replicas);
            }
            return scaled;
        }

        private void tellScaled(String direction, KubeObject set, long from, long to) {
            cluster.normal(
                    deployment,
                    "ScalingReplicaSet",
                    "Scaled "
                            + direction
                            + " replica set "
                            + set.name()
                            + " from "
                            + from
                            + " to "
                            + to,
                    NAME);
        }

        /** Writes a ReplicaSet as it was seen; a conflict ends the step, which comes again. */
        private KubeObject update(KubeObject changed) {
            KubeObject written =
                    replicaSets.write(
                            () ->
                                    cluster.store()
                                            .update(ResourceType.REPLICA_SETS, changed, "", AS_ME));
            if (fresh != null && fresh.uid().equals(written.uid())) {
                fresh = written;
            }
            old.replaceAll(set -> set.uid().equals(written.uid()) ? written : set);
            return written;
        }

        private List<KubeObject> all() {
            List<KubeObject> all = new ArrayList<>(old);
            if (fresh != null) {
                all.add(fresh);
            }
            return all;
        }

        private Optional<Duration> writeStatus() {
            java.time.Instant now = cluster.clock().instant();
            JsonObject status =
                    new DeploymentStatus(deployment, fresh, old, created, collisions, now).json();
            if (!status.equals(deployment.status())) {
                KubeObject changed =
                        deployment.withStatus(status).withoutMetadata("resourceVersion");
                deployments.write(
                        () ->
                                cluster.store()
                                        .update(
                                                ResourceType.DEPLOYMENTS,
                                                changed,
                                                "status",
                                                AS_ME));
            }
            return DeploymentStatus.untilDeadline(deployment, status, now);
        }

        /** Removes the oldest empty ReplicaSets beyond the history that is to be kept. */
        private void cleanUp() {
            OptionalLong limit = deployment.spec().number("revisionHistoryLimit");
            if (!DeploymentStatus.isComplete(deployment, deployment.status())) {
                return;
            }
            List<KubeObject> empty =
                    old.stream()
                            .filter(set -> RollingUpdate.replicas(set) == 0)
                            .filter(set -> set.status().number("replicas").orElse(0) == 0)
                            .sorted(
                                    Comparator.comparingLong(Revisions::of)
                                            .thenComparing(Revisions.OLDEST))
                            .toList();
            long surplus = empty.size() - limit.orElse(10);
            for (KubeObject set : empty) {
                if (surplus-- <= 0) {
                    return;
                }
                replicaSets.delete(
                        () ->
                                cluster.store()
                                        .delete(
                                                ResourceType.REPLICA_SETS,
                                                set.key(ResourceType.REPLICA_SETS),
                                                new DeleteOptions(
                                                        OptionalLong.empty(),
                                                        set.uid(),
                                                        set.resourceVersion(),
                                                        Propagation.BACKGROUND,
                                                        false)));
            }
        }
    }
}
