// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.grid.RolloutSites.Member;
import dev.wayside.connector.rollout.Planner;
import dev.wayside.connector.rollout.Planner.Step;
import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.rollout.RolloutSpec;
import dev.wayside.connector.rollout.Site;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.connector.workload.PodFacts;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides, for each GridRollout, which sites may change now, and writes that into its status; the
 * grids' controller reads it there (see {@link RolloutGate}) and does it. What must not be lost is
 * in that status and in the marks of the children, each written at once with what it speaks of: so
 * the connector may be killed at any moment, and no step is done twice or skipped.
 */
final class RolloutController implements AutoCloseable {
    static final String APPROVED = "wayside.dev/approved";
    static final String RETRY = "wayside.dev/retry";
    private static final ResourceType TYPE = ResourceType.GRID_ROLLOUTS;

    /** Changes of children are gathered for so long, and 1 ms longer per site. */
    private static final Duration GATHER = Duration.ofMillis(20);

    private static final Duration MOST_GATHERED = Duration.ofSeconds(2);

    private final Cluster cluster;
    private final Informer rollouts;
    private final RolloutClaims claims;
    private final GridRevisions revisions;
    private final RolloutAdoption adoption;
    private final RolloutSites sites;
    private final RolloutEvents events;
    private final Controller<ObjectKey> controller;
    private final Instant started;
    private final long startedNanos;

    RolloutController(Cluster cluster, SiteIndex index, GridRevisions revisions, int workers) {
        this.cluster = cluster;
        this.rollouts = cluster.informer(TYPE);
        this.claims = new RolloutClaims(rollouts);
        this.revisions = revisions;
        this.adoption = new RolloutAdoption(cluster, revisions);
        SiteNodes nodes = cluster.nodes().addView(new SiteNodes());
        this.sites = new RolloutSites(cluster, revisions, index, nodes);
        this.events = new RolloutEvents(cluster);
        this.started = cluster.clock().instant();
        this.startedNanos = cluster.nanoTime();
        this.controller =
                new Controller<>(
                        "rollout",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> rollouts.all().forEach(this::add));
        rollouts.addListener(this::rolloutChanged);
        for (GridKind kind : GridKind.ALL) {
            cluster.informer(kind.grid()).addListener(this::gridChanged);
            cluster.informer(kind.child()).addListener(this::childChanged);
        }
        cluster.pods().addListener(this::podChanged);
        cluster.nodes().addListener(this::nodeChanged);
        cluster.informer(ResourceType.NODE_UNITS)
                .addListener(
                        (before, after) -> {
                            if (!labels(before).equals(labels(after))) {
                                rollouts.all().forEach(this::add);
                            }
                        });
    }

    void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    // What happens, and whom it concerns.

    private void add(KubeObject rollout) {
        controller.add(rollout.key(TYPE));
    }

    private void rolloutChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after != null) {
            add(after);
        }
        if (before != null && after != null && before.generation() == after.generation()) {
            return;
        }
        // What it claims, or no longer claims, others may claim too.
        for (KubeObject rollout : present(before, after)) {
            for (GridKind kind : GridKind.ALL) {
                cluster.informer(kind.grid()).inNamespace(rollout.namespace()).stream()
                        .filter(grid -> RolloutClaims.claims(rollout, grid))
                        .flatMap(grid -> claims.of(grid).stream())
                        .forEach(name -> controller.add(TYPE.key(rollout.namespace(), name)));
            }
        }
    }

    private void gridChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null && before != null) {
            revisions.forget(before);
        }
        Set<String> names = new TreeSet<>();
        for (KubeObject grid : present(before, after)) {
            names.addAll(claims.of(grid));
        }
        KubeObject grid = after == null ? before : after;
        if (grid != null) {
            boolean soon =
                    before != null && after != null && before.generation() == after.generation();
            names.forEach(
                    name -> {
                        ObjectKey key = TYPE.key(grid.namespace(), name);
                        if (soon) {
                            controller.addAfter(key, GATHER);
                        } else {
                            controller.add(key);
                        }
                    });
        }
    }

    private static List<KubeObject> present(
            @Nullable KubeObject before, @Nullable KubeObject after) {
        List<KubeObject> all = new ArrayList<>();
        if (before != null) {
            all.add(before);
        }
        if (after != null) {
            all.add(after);
        }
        return all;
    }

    private void childChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        KubeObject child = after == null ? before : after;
        if (child != null) {
            addRolloutsOf(child);
        }
    }

    private void addRolloutsOf(KubeObject child) {
        child.controller()
                .flatMap(
                        owner ->
                                cluster.informer(owner.apiVersion(), owner.kind())
                                        .flatMap(
                                                informer ->
                                                        informer.get(
                                                                child.namespace(), owner.name())))
                .ifPresent(this::addSoon);
    }

    private void addSoon(KubeObject grid) {
        if (GridKind.ALL.stream().noneMatch(kind -> kind.grid().kind().equals(grid.kind()))) {
            return;
        }
        Duration delay = GATHER.plusMillis(grid.status().object("states").members().size());
        Duration gathered = delay.compareTo(MOST_GATHERED) > 0 ? MOST_GATHERED : delay;
        claims.of(grid)
                .forEach(name -> controller.addAfter(TYPE.key(grid.namespace(), name), gathered));
    }

    /** Restarts are not told by the child. */
    private void podChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null
                || (before != null && PodFacts.restarts(before) == PodFacts.restarts(after))
                || PodFacts.restarts(after) == 0) {
            return;
        }
        after.controller()
                .ifPresent(
                        owner -> {
                            if (owner.kind().equals(ResourceType.REPLICA_SETS.kind())) {
                                cluster.replicaSets()
                                        .get(after.namespace(), owner.name())
                                        .flatMap(KubeObject::controller)
                                        .flatMap(
                                                above ->
                                                        cluster.deployments()
                                                                .get(
                                                                        after.namespace(),
                                                                        above.name()))
                                        .ifPresent(this::addRolloutsOf);
                            } else {
                                cluster.informer(owner.apiVersion(), owner.kind())
                                        .flatMap(
                                                informer ->
                                                        informer.get(
                                                                after.namespace(), owner.name()))
                                        .ifPresent(this::addRolloutsOf);
                            }
                        });
    }

    private static Map<String, String> labels(@Nullable KubeObject object) {
        return object == null ? Map.of() : object.labels();
    }

    private void nodeChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        boolean silence =
                before != null
                        && after != null
                        && PodFacts.isUnheardOf(before) != PodFacts.isUnheardOf(after);
        Map<String, String> was = labels(before);
        Map<String, String> is = labels(after);
        if ((!silence && was.equals(is)) || rollouts.size() == 0) {
            return;
        }
        // Labels may make or end sites, and be what a wave selects by.
        for (KubeObject rollout : rollouts.all()) {
            String key = rollout.status().text("gridUniqKey");
            if (key.isEmpty() || was.containsKey(key) || is.containsKey(key)) {
                controller.addAfter(rollout.key(TYPE), GATHER);
            }
        }
    }

    // What is to be done.

    /**
     * The time of day as it was at the start, and what passed since: no jump of a clock ends a
     * wait.
     */
    private Instant now() {
        return started.plusNanos(cluster.nanoTime() - startedNanos);
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = rollouts.get(key).filter(each -> each.deleted().isEmpty());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        KubeObject rollout = found.get();
        List<Member> members = members(rollout);
        Optional<String> conflict = conflict(members);
        if (conflict.isPresent()) {
            JsonObject status = RolloutStatus.held(rollout, conflict.get(), wall());
            events.tellConflict(rollout, conflict.get());
            cluster.writeStatus(TYPE, rollout, status, GridRevisions.BY);
            return Optional.empty();
        }
        return go(rollout, members);
    }

    private Instant wall() {
        return cluster.clock().instant();
    }

    /** The grids, with what the status says of them. */
    private List<Member> members(KubeObject rollout) {
        List<Member> members = new ArrayList<>();
        for (GridKind kind : GridKind.ALL) {
            cluster.informer(kind.grid()).inNamespace(rollout.namespace()).stream()
                    .filter(grid -> grid.deleted().isEmpty())
                    .filter(grid -> RolloutClaims.claims(rollout, grid))
                    .sorted(java.util.Comparator.comparing(KubeObject::name))
                    .map(
                            grid ->
                                    new Member(
                                            kind,
                                            grid,
                                            RolloutEntry.find(rollout.status(), grid)
                                                    .orElse(new RolloutEntry("", "", "", "", ""))))
                    .forEach(members::add);
        }
        return members;
    }

    private Optional<String> conflict(List<Member> members) {
        Set<String> keys = new TreeSet<>();
        for (Member member : members) {
            KubeObject grid = member.grid();
            List<String> names = claims.of(grid);
            if (names.size() > 1) {
                return Optional.of(
                        grid.kind()
                                + " "
                                + grid.name()
                                + " is claimed by the GridRollouts "
                                + String.join(", ", names)
                                + "; nothing changes until only one is left");
            }
            keys.add(GridChild.key(grid));
        }
        return keys.size() > 1
                ? Optional.of(
                        "its grids tell sites apart by different labels ("
                                + String.join(", ", keys)
                                + "); nothing changes until there is only one")
                : Optional.empty();
    }

    private Optional<Duration> go(KubeObject rollout, List<Member> before) {
        Progress progress = Progress.of(rollout.status()).watchedFrom(started);
        List<Member> members = new ArrayList<>();
        boolean other = false;
        for (Member member : before) {
            RolloutEntry known = member.entry();
            RolloutEntry entry = known;
            if (known.uid().isEmpty()) {
                entry = adoption.adopt(member.kind(), member.grid());
                other |= !entry.target().equals(entry.completed());
            } else {
                String target = revisions.of(member.grid());
                if (!known.target().equals(target)) {
                    entry = known.withTarget(revisions.keep(member.grid(), member.grid().spec()));
                    other = true;
                }
            }
            members.add(new Member(member.kind(), member.grid(), entry));
        }
        Instant now = now();
        RolloutSpec spec = RolloutSpec.of(rollout.spec());
        String key = members.isEmpty() ? "" : GridChild.key(members.get(0).grid());
        String orderHash = Integer.toHexString(rollout.spec().array("order").toJson().hashCode());
        boolean labelled = spec.selectsByLabel();
        NavigableMap<String, Site> present = sites.of(members, key, progress, labelled);
        progress = begun(rollout, progress, present, other, orderHash, now);
        if (progress.run() != Progress.of(rollout.status()).run()) {
            present = sites.of(members, key, progress, labelled);
        }
        Step step = Planner.next(spec, present, progress, approved(rollout, progress), now);
        boolean completes = step.progress().phase().isDone();
        List<RolloutEntry> entries =
                members.stream()
                        .map(Member::entry)
                        .map(entry -> completes ? entry.withCompleted(entry.target()) : entry)
                        .toList();
        JsonObject status =
                RolloutStatus.of(rollout, entries, present, step, orderHash, wall())
                        .with("gridUniqKey", key);
        cluster.writeStatus(TYPE, rollout, status, GridRevisions.BY);
        events.tell(rollout, members, step);
        if (completes) {
            members.forEach(this::prune);
        }
        return step.again().map(at -> Planner.until(at, now).plusMillis(1));
    }

    /** A new run if something else is asked, or asked again. */
    private static Progress begun(
            KubeObject rollout,
            Progress progress,
            NavigableMap<String, Site> present,
            boolean other,
            String orderHash,
            Instant now) {
        if (other) {
            return progress.next(
                    name ->
                            Optional.ofNullable(present.get(name))
                                    .filter(Site::updated)
                                    .isPresent(),
                    true,
                    now);
        }
        boolean again =
                rollout.annotation(RETRY).filter(Long.toString(progress.run())::equals).isPresent();
        if (again && progress.isStopped()) {
            return progress.retry(present, now);
        }
        boolean running = !progress.phase().isDone() && !progress.isStopped();
        boolean otherOrder =
                !Objects.equals(rollout.status().text("orderHash"), orderHash)
                        && progress.run() > 0;
        return running && otherOrder && !progress.rollingBack()
                ? progress.next(present::containsKey, false, now)
                : progress;
    }

    /** Up to which wave; the annotation says RUN-WAVE, so that it holds for that run alone. */
    private static long approved(KubeObject rollout, Progress progress) {
        String text = rollout.annotation(APPROVED).orElse("");
        String prefix = progress.run() + "-";
        if (!text.startsWith(prefix)) {
            return 0;
        }
        try {
            return Long.parseLong(text.substring(prefix.length()));
        } catch (NumberFormatException e) {
            return 0; // no wave: nothing is approved
        }
    }

    private void prune(Member member) {
        Set<String> used = new HashSet<>();
        used.add(member.entry().target());
        for (KubeObject child :
                cluster.informer(member.kind().child()).ownedBy(member.grid().uid())) {
            RolloutMarks marks = RolloutMarks.of(child);
            used.add(marks.revision());
            used.add(marks.former());
        }
        revisions.prune(member.grid(), used);
    }
}
