// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.parse;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever is changed in a small world of nodes, units, groups and grids: the children that the
 * plan names are those that go when the grace is over, and those that it says are kept are kept.
 * What is lost in the end is worked out here by walking over the nodes.
 */
final class PlansPropertyTest {
    private static final int STEPS = 10;
    private static final Pattern CHILD = Pattern.compile("Deployment (\\S+) \\(");
    private static final List<String> NODES = List.of("o0", "o1", "o2", "o3");
    private static final List<String> KEYS = List.of("where", "g0", "g1");
    private static final String GRACE = "wayside.dev/site-removal-grace";
    private static final String PROTECT = "wayside.dev/protect-sites";

    /** A write that is foretold, then done. */
    private record Step(
            ResourceType type,
            String name,
            Optional<KubeObject> before,
            Optional<KubeObject> after) {}

    static IntStream seeds() {
        return IntStream.range(0, 6);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatThePlanNamesIsWhatIsDeleted(int seed) {
        Random random = new Random(seed);
        try (World world = new World(World.Kind.EMBEDDED)) {
            world.start();
            for (String node : NODES) {
                world.node(node, Map.of("where", random.nextBoolean() ? "x" : "y"));
            }
            for (int i = 0; i < 2; i++) {
                put(world, ResourceType.NODE_UNITS, "u-o" + i, unit(random));
            }
            put(world, ResourceType.NODE_GROUPS, "g0", group(random));
            put(world, ResourceType.NODE_GROUPS, "g1", group(random));
            for (String grid : List.of("w0", "w1")) {
                put(world, ResourceType.DEPLOYMENT_GRIDS, grid, grid(random));
            }
            settle(world, "seed " + seed);
            for (int i = 0; i < STEPS; i++) {
                Step step = step(world, random);
                if (step.before().isPresent() || step.after().isPresent()) {
                    check(world, step, "seed " + seed + " step " + i + " " + step.type().kind());
                }
            }
        }
    }

    private static void check(World world, Step step, String what) {
        Set<String> there = new TreeSet<>(world.names(ResourceType.DEPLOYMENTS));
        Set<String> goingAnyway = new HashSet<>();
        for (KubeObject child : world.store.all(ResourceType.DEPLOYMENTS)) {
            if (isLost(world, child) && !isProtected(world, child)) {
                goingAnyway.add(child.name());
            }
        }
        List<String> plan =
                world.plan(
                        step.type(), step.before().orElse(null), step.after().orElse(null), true);
        String said = what + " " + step.after().map(KubeObject::spec) + ": " + plan;
        apply(world, step);
        settle(world, said);
        await(said + " goes", () -> timePasses(world));
        settle(world, said);
        Set<String> gone = new TreeSet<>(there);
        gone.removeAll(world.names(ResourceType.DEPLOYMENTS));
        gone.removeAll(goingAnyway);
        Set<String> named = children(plan, "be deleted");
        named.removeAll(goingAnyway);
        assertThat(gone).as(said).isEqualTo(named);
        assertThat(world.names(ResourceType.DEPLOYMENTS))
                .as(said)
                .containsAll(children(plan, "be kept"));
    }

    /** Whether all is gone that nothing protects. */
    private static boolean timePasses(World world) {
        world.clock.advance(Duration.ofHours(3));
        for (KubeObject grid : world.store.all(ResourceType.DEPLOYMENT_GRIDS)) {
            world.patch(
                    ResourceType.DEPLOYMENT_GRIDS,
                    grid.name(),
                    "{\"metadata\":{\"annotations\":{\"look\":\""
                            + world.clock.instant()
                            + "\"}}}");
        }
        return world.store.all(ResourceType.DEPLOYMENTS).stream()
                .noneMatch(each -> isLost(world, each) && !isProtected(world, each));
    }

    private static Set<String> children(List<String> plan, String fate) {
        Set<String> names = new TreeSet<>();
        for (String line : plan) {
            for (String part : line.split("; ")) {
                if (part.contains(fate)) {
                    Matcher child = CHILD.matcher(part);
                    while (child.find()) {
                        names.add(child.group(1));
                    }
                }
            }
        }
        return names;
    }

    /** Until nodes have what units and groups say, and children what nodes say. */
    private static void settle(World world, String what) {
        await(
                what + " settles",
                () ->
                        sitesAreSettled(world)
                                && childrenAreSettled(world)
                                && world.isSeen(
                                        ResourceType.NODES,
                                        ResourceType.NODE_UNITS,
                                        ResourceType.NODE_GROUPS,
                                        ResourceType.DEPLOYMENT_GRIDS,
                                        ResourceType.DEPLOYMENTS));
    }

    private static boolean sitesAreSettled(World world) {
        List<KubeObject> units = world.store.all(ResourceType.NODE_UNITS);
        List<KubeObject> groups = world.store.all(ResourceType.NODE_GROUPS);
        for (KubeObject node : world.store.all(ResourceType.NODES)) {
            Map<String, String> wanted = new TreeMap<>();
            Optional.ofNullable(node.labels().get("where")).ifPresent(v -> wanted.put("where", v));
            for (KubeObject unit : units) {
                String where = unit.spec().text("selector", "matchLabels", "where");
                boolean selected = !where.isEmpty() && where.equals(node.labels().get("where"));
                boolean in = selected || unit.spec().array("nodes").strings().contains(node.name());
                if (!in || unit.deleted().isPresent()) {
                    continue;
                }
                wanted.put(unit.name(), "nodeunits.superedge.io");
                for (KubeObject group : groups) {
                    boolean found =
                            group.spec().has("autoFindNodeKeys") && unit.name().length() == 1;
                    if (group.deleted().isEmpty()
                            && (found
                                    || group.spec()
                                            .array("nodeUnits")
                                            .strings()
                                            .contains(unit.name()))) {
                        wanted.putIfAbsent(group.name(), unit.name());
                    }
                }
            }
            if (!node.labels().equals(wanted)) {
                return false;
            }
            boolean finds =
                    groups.stream()
                            .anyMatch(
                                    group ->
                                            group.deleted().isEmpty()
                                                    && group.spec().has("autoFindNodeKeys"));
            if (finds
                    && wanted.containsKey("where")
                    && !world.exists(ResourceType.NODE_UNITS, wanted.get("where"))) {
                return false;
            }
        }
        return units.stream().allMatch(unit -> unit.deleted().isEmpty() && hasOwner(world, unit))
                && groups.stream().allMatch(group -> group.deleted().isEmpty());
    }

    private static boolean hasOwner(World world, KubeObject object) {
        return object.owners().isEmpty()
                || object.owners().stream()
                        .anyMatch(
                                owner ->
                                        world.store.all(ResourceType.NODE_GROUPS).stream()
                                                .anyMatch(g -> g.uid().equals(owner.uid())));
    }

    private static boolean childrenAreSettled(World world) {
        for (KubeObject grid : world.store.all(ResourceType.DEPLOYMENT_GRIDS)) {
            for (String site : sites(world, grid)) {
                if (!world.exists(ResourceType.DEPLOYMENTS, grid.name() + "-" + site)) {
                    return false;
                }
            }
        }
        return world.store.all(ResourceType.DEPLOYMENTS).stream()
                .allMatch(
                        child ->
                                gridOf(world, child).isPresent()
                                        && child.annotation("wayside.dev/site-gone-since")
                                                        .isPresent()
                                                == (isLost(world, child)
                                                        && !isProtected(world, child)));
    }

    private static Optional<KubeObject> gridOf(World world, KubeObject child) {
        return world.store.all(ResourceType.DEPLOYMENT_GRIDS).stream()
                .filter(grid -> child.name().startsWith(grid.name() + "-"))
                .findFirst();
    }

    private static Set<String> sites(World world, KubeObject grid) {
        return world.store.all(ResourceType.NODES).stream()
                .flatMap(
                        n ->
                                Optional.ofNullable(n.labels().get(grid.spec().text("gridUniqKey")))
                                        .stream())
                .collect(Collectors.toSet());
    }

    private static boolean isLost(World world, KubeObject child) {
        return gridOf(world, child)
                .map(
                        grid ->
                                !sites(world, grid)
                                        .contains(child.name().substring(grid.name().length() + 1)))
                .orElse(true);
    }

    private static boolean isProtected(World world, KubeObject child) {
        return gridOf(world, child)
                .flatMap(grid -> grid.annotation(PROTECT))
                .filter("true"::equals)
                .isPresent();
    }

    private static Step step(World world, Random random) {
        String node = NODES.get(random.nextInt(NODES.size()));
        String unit = "u-o" + random.nextInt(4);
        String group = "g" + random.nextInt(2);
        String grid = "w" + random.nextInt(2);
        return switch (random.nextInt(9)) {
            case 0, 1 -> relabelled(world, random, node);
            case 2 -> deleted(world, ResourceType.NODES, node);
            case 3 -> changed(world, ResourceType.NODE_UNITS, unit, unit(random));
            case 4 -> deleted(world, ResourceType.NODE_UNITS, random.nextBoolean() ? unit : "x");
            case 5 -> changed(world, ResourceType.NODE_GROUPS, group, group(random));
            case 6 -> deleted(world, ResourceType.NODE_GROUPS, group);
            case 7 -> regridded(world, random, grid);
            default ->
                    random.nextInt(3) == 0
                            ? deleted(world, ResourceType.DEPLOYMENT_GRIDS, grid)
                            : changed(world, ResourceType.DEPLOYMENT_GRIDS, grid, grid(random));
        };
    }

    private static Optional<KubeObject> find(World world, ResourceType type, String name) {
        return world.store.get(type.key(type.namespaced() ? "default" : "", name));
    }

    private static Step deleted(World world, ResourceType type, String name) {
        return new Step(type, name, find(world, type, name), Optional.empty());
    }

    private static Step changed(World world, ResourceType type, String name, JsonObject spec) {
        Optional<KubeObject> before = find(world, type, name);
        KubeObject empty = KubeObject.of(type, type.namespaced() ? "default" : "", name);
        return new Step(type, name, before, Optional.of(before.orElse(empty).withSpec(spec)));
    }

    private static Step relabelled(World world, Random random, String name) {
        Optional<KubeObject> before = find(world, ResourceType.NODES, name);
        return new Step(
                ResourceType.NODES,
                name,
                before,
                before.map(
                        node -> {
                            Map<String, String> labels = new TreeMap<>(node.labels());
                            switch (random.nextInt(4)) {
                                case 0 -> labels.remove("where");
                                case 1 -> labels.remove("g0");
                                case 2 -> labels.put("where", "x");
                                default -> labels.put("where", "y");
                            }
                            return node.withLabels(labels);
                        }));
    }

    private static Step regridded(World world, Random random, String name) {
        Optional<KubeObject> before = find(world, ResourceType.DEPLOYMENT_GRIDS, name);
        return new Step(
                ResourceType.DEPLOYMENT_GRIDS,
                name,
                before,
                before.map(
                        grid -> {
                            Map<String, String> annotations = new TreeMap<>(grid.annotations());
                            annotations.put(PROTECT, random.nextBoolean() ? "true" : "false");
                            annotations.put(GRACE, random.nextBoolean() ? "1m" : "2h");
                            return grid.withAnnotations(annotations);
                        }));
    }

    private static void apply(World world, Step step) {
        if (step.after().isEmpty()) {
            world.delete(step.type(), step.name());
        } else if (step.before().isEmpty()) {
            world.store.create(step.type(), step.after().get(), World.USER);
        } else {
            world.store.update(
                    step.type(),
                    step.after().get().withoutMetadata("resourceVersion"),
                    "",
                    World.USER);
        }
    }

    private static void put(World world, ResourceType type, String name, JsonObject spec) {
        apply(world, changed(world, type, name, spec));
    }

    private static JsonArray some(Random random, List<String> names) {
        return JsonArray.ofStrings(names.stream().filter(name -> random.nextInt(3) == 0).toList());
    }

    private static JsonObject unit(Random random) {
        JsonObject.Builder spec = JsonObject.builder().put("nodes", some(random, NODES));
        if (random.nextInt(3) == 0) {
            String value = random.nextBoolean() ? "x" : "y";
            spec.put("selector", JsonObject.of("matchLabels", JsonObject.of("where", value)));
        }
        return spec.build();
    }

    private static JsonObject group(Random random) {
        List<String> units = List.of("u-o0", "u-o1", "u-o2", "u-o3");
        JsonObject.Builder spec = JsonObject.builder().put("nodeUnits", some(random, units));
        if (random.nextInt(3) == 0) {
            spec.put("autoFindNodeKeys", JsonArray.ofStrings(List.of("where")));
        }
        return spec.build();
    }

    private static JsonObject grid(Random random) {
        String key = KEYS.get(random.nextInt(KEYS.size()));
        return parse(
                "{\"gridUniqKey\":\""
                        + key
                        + "\",\"template\":"
                        + World.spec("web", "v1", ",\"replicas\":0")
                        + "}");
    }
}
