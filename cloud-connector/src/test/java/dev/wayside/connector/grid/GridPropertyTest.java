// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever happens to nodes, their labels, units, groups and grids, in any interleaving, with
 * watches that lag and with the connector killed between any two of its writes: in the end the
 * children are those that a fresh connector makes of the last state; and no child is deleted that
 * the guards protect.
 *
 * <p>Time stands while things happen, so within a round a child may go with its grid alone. Between
 * rounds the grace passes, and of what is left, only children of sites that are gone and not
 * protected may go, and must.
 */
final class GridPropertyTest {
    private static final int ROUNDS = 3;
    private static final int STEPS = 14;
    private static final Duration GRACE = Duration.ofMinutes(11);
    private static final List<String> NODES = List.of("n0", "n1", "n2", "n3");
    private static final List<String> GRIDS = List.of("ga", "gb");
    private static final List<String> SITES = List.of("s1", "Site_2", "");

    /** Labels that people give, and that the group of the name gives. */
    private static final List<String> KEYS = List.of("site", "site", "zone", "area");

    private static final String GONE_SINCE = "wayside.dev/site-gone-since";

    static IntStream seeds() {
        return IntStream.range(0, 5);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theEndIsWhatAFreshConnectorMakesOfTheLastState(int seed) {
        try (Run run = new Run(seed)) {
            run.rounds();
        }
    }

    private static final class Run implements AutoCloseable {
        private final int seed;
        private final Random random;
        private final Random lags;
        private final World world = new World(World.Kind.EMBEDDED);

        /** Labels that people gave. */
        private final Map<String, Map<String, String>> nodes = new TreeMap<>();

        /** UIDs of grids that somebody deleted. */
        private final Set<String> deleted = ConcurrentHashMap.newKeySet();

        /** Writes that the connector may do until it is killed; below zero it is dead. */
        private final AtomicInteger alive = new AtomicInteger(Integer.MAX_VALUE);

        private final List<String> violations = new CopyOnWriteArrayList<>();

        Run(int seed) {
            this.seed = seed;
            random = new Random(seed);
            lags = new Random(seed);
            world.store.lag(() -> lags.nextInt(4));
            world.store.beforeWrite((verb, object) -> die(alive.getAndDecrement() <= 0));
            world.store.afterWrite((verb, object) -> die(alive.get() == 0));
            world.store.observe(ResourceType.DEPLOYMENTS, this::changed);
            world.start();
        }

        @Override
        public void close() {
            world.close();
        }

        /** As a process that is killed before, or after, one of its writes is committed. */
        private static void die(boolean dead) {
            if (dead) {
                throw new ApiException(Reason.UNAVAILABLE, "killed");
            }
        }

        private void changed(KubeObject before, KubeObject after) {
            if (after != null || before == null || before.controller().isEmpty()) {
                return;
            }
            boolean withItsGrid = deleted.contains(before.controller().get().uid());
            boolean afterGrace =
                    before.annotation(GONE_SINCE)
                            .map(Instant::parse)
                            .filter(gone -> gone.plus(GRACE).compareTo(world.clock.instant()) <= 0)
                            .isPresent();
            if (!withItsGrid && !afterGrace) {
                violations.add(before.name() + " of " + before.controller().get().name());
            }
        }

        void rounds() {
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < STEPS; i++) {
                    try {
                        step();
                    } catch (ApiException e) {
                        // Being deleted, or just gone: nothing happens, as for any user.
                    }
                    if (random.nextInt(4) == 0) {
                        alive.set(random.nextInt(30));
                    } else if (random.nextInt(3) == 0) {
                        restart();
                    }
                }
                restart();
                Map<String, String> fresh = fresh();
                String what = "seed " + seed + ", round " + round;
                await(what, () -> isRight(fresh, true));
                world.clock.advance(GRACE);
                restart();
                await(what + ", after the grace", () -> isRightAWhileLater(fresh));
                assertThat(violations).as(what).isEmpty();
            }
        }

        /** A connector that finds a site gone watches it for a minute before it believes that. */
        private boolean isRightAWhileLater(Map<String, String> fresh) {
            world.clock.advance(Duration.ofSeconds(20));
            for (KubeObject grid : world.store.all(ResourceType.DEPLOYMENT_GRIDS)) {
                if (grid.deleted().isEmpty()) {
                    world.patch(
                            ResourceType.DEPLOYMENT_GRIDS,
                            grid.name(),
                            "{\"metadata\":{\"annotations\":{\"wayside.dev/look\":\""
                                    + world.clock.instant()
                                    + "\"}}}");
                }
            }
            return isRight(fresh, false);
        }

        private void restart() {
            world.stop();
            alive.set(Integer.MAX_VALUE);
            world.start();
        }

        private void step() {
            String node = pick(NODES);
            String grid = pick(GRIDS);
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> {
                    if (nodes.containsKey(node)) {
                        relabel(node);
                    } else {
                        Map<String, String> labels = new TreeMap<>(Map.of("site", pick(SITES)));
                        world.node(node, labels);
                        nodes.put(node, labels);
                    }
                }
                case 3 -> {
                    if (nodes.containsKey(node) && random.nextInt(2) == 0) {
                        world.delete(ResourceType.NODES, node);
                        nodes.remove(node);
                    }
                }
                case 4, 5 -> put(ResourceType.DEPLOYMENT_GRIDS, "default", grid, grid(grid));
                case 6 -> {
                    KubeObject known = get(ResourceType.DEPLOYMENT_GRIDS, "default", grid);
                    if (known != null && random.nextInt(2) == 0) {
                        deleted.add(known.uid());
                        world.delete(ResourceType.DEPLOYMENT_GRIDS, grid);
                    } else {
                        put(ResourceType.DEPLOYMENT_GRIDS, "default", grid, grid(grid));
                    }
                }
                case 7 -> meddle();
                case 8 -> put(ResourceType.NODE_UNITS, "", "u" + random.nextInt(2), unit());
                default -> {
                    if (random.nextInt(3) == 0) {
                        world.delete(ResourceType.NODE_GROUPS, "area");
                    } else {
                        put(ResourceType.NODE_GROUPS, "", "area", group());
                    }
                }
            }
        }

        private <T> T pick(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }

        private void relabel(String node) {
            String key = random.nextBoolean() ? "site" : "zone";
            if (random.nextInt(3) == 0) {
                world.label(node, key, null);
                nodes.get(node).remove(key);
            } else {
                String value = pick(SITES);
                world.label(node, key, value);
                nodes.get(node).put(key, value);
            }
        }

        private KubeObject grid(String name) {
            JsonObject.Builder spec =
                    JsonObject.builder()
                            .put("gridUniqKey", pick(KEYS))
                            .put("template", template(name))
                            .put("templatePool", JsonObject.of("other", template(name)));
            if (random.nextInt(3) == 0) {
                spec.put("templates", JsonObject.of(pick(SITES), "other"));
            }
            if (random.nextInt(4) == 0) {
                spec.put("defaultTemplateName", "other");
            }
            Map<String, String> annotations = new TreeMap<>();
            if (random.nextInt(3) == 0) {
                annotations.put("wayside.dev/protect-sites", "true");
            }
            if (random.nextInt(3) == 0) {
                annotations.put("note", "n" + random.nextInt(2));
            }
            Map<String, String> labels =
                    random.nextBoolean() ? Map.of("team", "t" + random.nextInt(2)) : Map.of();
            return KubeObject.of(ResourceType.DEPLOYMENT_GRIDS, "default", name)
                    .withSpec(spec.build())
                    .withLabels(labels)
                    .withAnnotations(annotations);
        }

        private JsonObject template(String app) {
            String more = random.nextBoolean() ? "" : ",\"replicas\":" + random.nextInt(2);
            return World.parse(spec(app, "v" + random.nextInt(3), more));
        }

        /** Somebody changes or takes away what a grid made. */
        private void meddle() {
            List<KubeObject> children =
                    world.store.all(ResourceType.DEPLOYMENTS).stream()
                            .filter(child -> child.controller().isPresent())
                            .toList();
            if (!children.isEmpty()) {
                String child = pick(children).name();
                String body =
                        pick(
                                List.of(
                                        "{\"metadata\":{\"labels\":{\"wayside.dev/site\":null}}}",
                                        "{\"metadata\":{\"labels\":{\"superedge.io/grid-uniq-key\":\"x\"}}}",
                                        "{\"metadata\":{\"ownerReferences\":null}}",
                                        "{\"spec\":{\"minReadySeconds\":1}}"));
                world.patch(ResourceType.DEPLOYMENTS, child, body);
            }
        }

        private KubeObject unit() {
            List<String> members = NODES.stream().filter(node -> random.nextInt(3) == 0).toList();
            return KubeObject.of(ResourceType.NODE_UNITS, "", "any")
                    .withSpec(JsonObject.of("nodes", JsonArray.ofStrings(members)));
        }

        private KubeObject group() {
            List<String> units =
                    List.of("u0", "u1").stream().filter(unit -> random.nextBoolean()).toList();
            return KubeObject.of(ResourceType.NODE_GROUPS, "", "any")
                    .withSpec(JsonObject.of("nodeUnits", JsonArray.ofStrings(units)));
        }

        private KubeObject get(ResourceType type, String namespace, String name) {
            return world.store.get(type.key(namespace, name)).orElse(null);
        }

        private void put(ResourceType type, String namespace, String name, KubeObject wanted) {
            put(world, type, namespace, name, wanted);
        }

        private static void put(
                World world, ResourceType type, String namespace, String name, KubeObject wanted) {
            KubeObject known = world.store.get(type.key(namespace, name)).orElse(null);
            KubeObject object =
                    (known == null ? KubeObject.of(type, namespace, name) : known)
                            .withSpec(wanted.spec())
                            .withLabels(wanted.labels())
                            .withAnnotations(wanted.annotations())
                            .withoutMetadata("resourceVersion");
            if (known == null) {
                world.store.create(type, object, World.USER);
            } else {
                world.store.update(type, object, "", World.USER);
            }
        }

        /** What a new connector makes of what users say now; waits until it has done so. */
        private Map<String, String> fresh() {
            try (World other = new World(World.Kind.EMBEDDED)) {
                nodes.forEach(other::node);
                for (ResourceType type :
                        List.of(
                                ResourceType.NODE_UNITS,
                                ResourceType.NODE_GROUPS,
                                ResourceType.DEPLOYMENT_GRIDS)) {
                    for (KubeObject object : world.store.all(type)) {
                        if (object.deleted().isEmpty()) {
                            put(other, type, object.namespace(), object.name(), object);
                        }
                    }
                }
                other.start();
                await("settled", () -> isSettled(other));
                return children(other);
            }
        }

        /** Every node has what its units say, and every grid has a child for every value. */
        private static boolean isSettled(World world) {
            List<KubeObject> nodes = world.store.all(ResourceType.NODES);
            for (KubeObject unit : world.store.all(ResourceType.NODE_UNITS)) {
                for (String member : unit.spec().array("nodes").strings()) {
                    boolean labelled =
                            nodes.stream()
                                    .filter(node -> node.name().equals(member))
                                    .allMatch(node -> node.labels().containsKey(unit.name()));
                    if (!labelled) {
                        return false;
                    }
                }
            }
            for (KubeObject group : world.store.all(ResourceType.NODE_GROUPS)) {
                for (String unit : group.spec().array("nodeUnits").strings()) {
                    boolean labelled =
                            nodes.stream()
                                    .filter(node -> node.labels().containsKey(unit))
                                    .allMatch(node -> node.labels().containsKey(group.name()));
                    if (!labelled) {
                        return false;
                    }
                }
            }
            return world.store.all(ResourceType.DEPLOYMENT_GRIDS).stream()
                    .allMatch(
                            grid ->
                                    grid.status().number("observedGeneration").orElse(0)
                                                    == grid.generation()
                                            && grid.status()
                                                    .object("states")
                                                    .members()
                                                    .keySet()
                                                    .equals(values(nodes, grid)));
        }

        private static Set<String> values(List<KubeObject> nodes, KubeObject grid) {
            Set<String> values = new java.util.TreeSet<>();
            String key = grid.spec().text("gridUniqKey");
            nodes.stream()
                    .filter(node -> node.labels().containsKey(key))
                    .forEach(node -> values.add(node.labels().get(key)));
            return values;
        }

        /** The children's names and all that their grids have a say in. */
        private static Map<String, String> children(World world) {
            Map<String, String> children = new TreeMap<>();
            world.store.all(ResourceType.DEPLOYMENTS).stream()
                    .filter(child -> child.annotation(GONE_SINCE).isEmpty())
                    .forEach(child -> children.put(child.name(), described(child)));
            return children;
        }

        private static String described(KubeObject child) {
            Map<String, String> annotations = new TreeMap<>(child.annotations());
            annotations.remove("deployment.kubernetes.io/revision");
            return child.labels()
                    + " "
                    + annotations
                    + " "
                    + child.controller().map(owner -> owner.name()).orElse("nobody's")
                    + " "
                    + child.spec().without("replicas").toJson();
        }

        private boolean isRight(Map<String, String> fresh, boolean withinGrace) {
            List<String> wrong = new ArrayList<>();
            Map<String, String> live = new TreeMap<>();
            for (KubeObject child : world.store.all(ResourceType.DEPLOYMENTS)) {
                boolean isProtected =
                        child.controller()
                                .map(
                                        owner ->
                                                get(
                                                        ResourceType.DEPLOYMENT_GRIDS,
                                                        "default",
                                                        owner.name()))
                                .flatMap(grid -> grid.annotation("wayside.dev/protect-sites"))
                                .isPresent();
                boolean gone = child.annotation(GONE_SINCE).isPresent();
                if (fresh.containsKey(child.name())) {
                    live.put(child.name(), described(child));
                } else if (child.controller().isPresent()
                        && (isProtected ? gone : !gone || !withinGrace)) {
                    wrong.add(child.name());
                }
            }
            return wrong.isEmpty() && live.equals(fresh);
        }
    }
}
