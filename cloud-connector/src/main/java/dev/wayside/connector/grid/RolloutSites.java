// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.rollout.Progress.Changing;
import dev.wayside.connector.rollout.Site;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Informer;
import dev.wayside.connector.workload.PodFacts;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The sites of a rollout as they are now. Looks at the children of its grids, and at pods only of
 * sites that are being changed. Safe for any thread.
 */
final class RolloutSites {
    /** A grid under the rollout. */
    record Member(GridKind kind, KubeObject grid, RolloutEntry entry) {}

    private final Cluster cluster;
    private final GridRevisions revisions;
    private final SiteIndex index;
    private final SiteNodes nodes;

    RolloutSites(Cluster cluster, GridRevisions revisions, SiteIndex index, SiteNodes nodes) {
        this.cluster = cluster;
        this.revisions = revisions;
        this.index = index;
        this.nodes = nodes;
    }

    /**
     * @param key the label that tells sites apart
     * @param labelled whether labels of nodes are asked for
     */
    NavigableMap<String, Site> of(
            List<Member> grids, String key, Progress progress, boolean labelled) {
        NavigableMap<String, Site> sites = new TreeMap<>();
        for (String name : cluster.nodes().read(() -> index.values(key))) {
            Changing changing = progress.changing().get(name);
            Look look = new Look(name, progress, changing);
            grids.forEach(look::at);
            sites.put(name, look.site(key, labelled));
        }
        return sites;
    }

    private Collection<Map<String, String>> labels(String key, String site) {
        List<Map<String, String>> labels = new ArrayList<>();
        for (String node : cluster.nodes().read(() -> nodes.names(key, site))) {
            cluster.nodes().get("", node).map(KubeObject::labels).ifPresent(labels::add);
        }
        cluster.informer(ResourceType.NODE_UNITS)
                .get("", site)
                .map(KubeObject::labels)
                .ifPresent(labels::add);
        return labels;
    }

    /** One site, over all grids. */
    private final class Look {
        private final String name;
        private final Progress progress;
        private final @Nullable Changing changing;
        private boolean exists;
        private boolean updated = true;
        private boolean changed;
        private boolean former;
        private boolean restored = true;
        private boolean settled = true;
        private boolean available = true;
        private long restarts;
        private String restartedPod = "";
        private String trouble = "";

        Look(String name, Progress progress, @Nullable Changing changing) {
            this.name = name;
            this.progress = progress;
            this.changing = changing;
        }

        void at(Member member) {
            KubeObject grid = member.grid();
            RolloutEntry entry = member.entry();
            Optional<KubeObject> found =
                    cluster.informer(member.kind().child())
                            .get(grid.namespace(), member.kind().childName(grid, name))
                            .filter(child -> GridChild.isOf(grid, child));
            former |= !entry.completed().isEmpty();
            if (found.isEmpty()) {
                updated = false;
                settled = false;
                failure(grid);
                note("there is no " + member.kind().child().kind() + " yet");
                return;
            }
            KubeObject child = found.get();
            exists = true;
            RolloutMarks marks = RolloutMarks.of(child);
            former |= !marks.former().isEmpty();
            boolean has = isAt(grid, marks.revision(), entry.target());
            updated &= has;
            changed |= marks.run() > 0 && marks.run() >= progress.firstRun();
            String back = entry.completed().isEmpty() ? marks.former() : entry.completed();
            boolean isBack = back.isEmpty() || isAt(grid, marks.revision(), back);
            restored &= isBack;
            available &= isAvailable(child);
            if (changing != null) {
                failure(grid);
                if (progress.rollingBack() ? !isBack : !has) {
                    note(member.kind().child().kind() + " " + child.name() + " is to be changed");
                }
                newPods(child, changing.since()).forEach(this::look);
            }
            if (!isSettled(child)) {
                settled = false;
                note(progress(child));
            }
        }

        private void failure(KubeObject grid) {
            Conditions.find(grid.status().object("states").array(name, "conditions"), "SiteFailed")
                    .ifPresent(failed -> note(failed.text("message")));
        }

        private void note(String what) {
            if (trouble.isEmpty()) {
                trouble = what;
            }
        }

        private void look(KubeObject pod) {
            long count = PodFacts.restarts(pod);
            if (count > restarts) {
                restarts = count;
                restartedPod = pod.name();
            }
            for (JsonObject container : pod.status().array("containerStatuses").objects()) {
                String reason = container.text("state", "waiting", "reason");
                if (!reason.isEmpty() && !reason.equals("ContainerCreating")) {
                    note("pod " + pod.name() + ": " + reason);
                }
            }
            pod.condition("PodScheduled")
                    .filter(condition -> condition.text("status").equals("False"))
                    .ifPresent(
                            condition ->
                                    note("pod " + pod.name() + ": " + condition.text("message")));
        }

        Site site(String key, boolean labelled) {
            return new Site(
                    name,
                    exists,
                    updated,
                    changed,
                    former,
                    restored,
                    exists && settled,
                    exists && available,
                    cluster.nodes().read(() -> nodes.isAway(key, name)),
                    restarts,
                    restartedPod,
                    trouble,
                    labelled ? labels(key, name) : List.of());
        }

        /** Whether both revisions mean the same for this site. */
        private boolean isAt(KubeObject grid, String revision, String other) {
            if (revision.equals(other)) {
                return true;
            }
            Optional<KubeObject> is = revisions.at(grid, revision);
            Optional<KubeObject> should = revisions.at(grid, other);
            try {
                return is.isPresent()
                        && should.isPresent()
                        && GridTranslation.template(is.get(), name)
                                .equals(GridTranslation.template(should.get(), name));
            } catch (SiteFailure e) {
                return false; // it cannot be made; the grid's status says why
            }
        }
    }

    private static long replicas(KubeObject child) {
        return child.spec().number("replicas").orElse(1);
    }

    private static long available(KubeObject child) {
        JsonObject status = child.status();
        return status.number("availableReplicas").orElse(status.number("readyReplicas").orElse(0));
    }

    /** Whether all replicas are available, from the template that it has. */
    private static boolean isSettled(KubeObject child) {
        JsonObject status = child.status();
        JsonObject strategy = child.spec().object("updateStrategy");
        long left = strategy.number("rollingUpdate", "partition").orElse(0);
        boolean byHand = strategy.text("type").equals("OnDelete");
        return status.number("observedGeneration").orElse(0) >= child.generation()
                && status.number("replicas").orElse(0) == replicas(child)
                && (byHand || status.number("updatedReplicas").orElse(0) >= replicas(child) - left)
                && available(child) >= replicas(child);
    }

    private static boolean isAvailable(KubeObject child) {
        return child.condition("Available").isPresent()
                ? child.conditionIsTrue("Available")
                : available(child) >= replicas(child);
    }

    private static String progress(KubeObject child) {
        JsonObject status = child.status();
        boolean seen = status.number("observedGeneration").orElse(0) >= child.generation();
        long updated = seen ? status.number("updatedReplicas").orElse(0) : 0;
        if (updated < replicas(child)) {
            return updated + " of " + replicas(child) + " replicas are updated";
        }
        // Old pods may still be there, since the new ones are not available.
        long pods = Math.max(replicas(child), status.number("replicas").orElse(0));
        return available(child) + " of " + pods + " pods are available";
    }

    /** The pods made since, of the child or of its ReplicaSets. */
    private List<KubeObject> newPods(KubeObject child, Instant since) {
        Informer pods = cluster.pods();
        List<KubeObject> all = new ArrayList<>(pods.ownedBy(child.uid()));
        for (KubeObject set : cluster.replicaSets().ownedBy(child.uid())) {
            all.addAll(pods.ownedBy(set.uid()));
        }
        Instant first = since.truncatedTo(ChronoUnit.SECONDS);
        all.removeIf(
                pod ->
                        pod.deleted().isPresent()
                                || pod.created().filter(at -> !at.isBefore(first)).isEmpty());
        return all;
    }
}
