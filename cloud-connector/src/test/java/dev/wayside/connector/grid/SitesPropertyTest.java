// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;

import dev.wayside.connector.store.ApiException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever happens to nodes, units and groups, in whatever order, and with the controllers stopped
 * anywhere: in the end each node's labels are those that people gave it, and those that the units
 * and groups of the end say. What they say is worked out here by walking over everything.
 */
final class SitesPropertyTest {
    private static final int STEPS = 40;
    private static final List<String> NAMES = List.of("o0", "o1", "o2", "o3");
    private static final List<String> GROUPS = List.of("g0", "g1");

    static IntStream seeds() {
        return IntStream.range(0, 6);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theEndIsWhatTheLastStateSays(int seed) {
        Random random = new Random(seed);
        Map<String, Map<String, String>> own = new TreeMap<>();
        try (World world = new World(World.Kind.FAKE)) {
            world.start();
            for (int i = 0; i < STEPS; i++) {
                try {
                    step(world, random, own);
                } catch (ApiException e) {
                    // Being deleted, or just gone: nothing happens, as for any user.
                }
                if (random.nextInt(8) == 0) {
                    world.restart();
                }
            }
            await("seed " + seed, () -> isRight(world, own));
        }
    }

    private static void step(World world, Random random, Map<String, Map<String, String>> own) {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        String group = GROUPS.get(random.nextInt(GROUPS.size()));
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                if (own.containsKey(name)) {
                    relabel(world, random, own.get(name), name);
                } else {
                    Map<String, String> labels = new TreeMap<>(Map.of("where", value(random)));
                    world.node(name, labels);
                    own.put(name, labels);
                }
            }
            case 2 -> {
                if (own.containsKey(name) && random.nextInt(3) == 0) {
                    world.delete(ResourceType.NODES, name);
                    own.remove(name);
                }
            }
            case 3, 4 -> put(world, ResourceType.NODE_UNITS, "u-" + name, unit(random));
            case 5 -> world.delete(ResourceType.NODE_UNITS, "u-" + name);
            case 6 -> put(world, ResourceType.NODE_GROUPS, group, group(random));
            default -> world.delete(ResourceType.NODE_GROUPS, group);
        }
    }

    private static void relabel(
            World world, Random random, Map<String, String> labels, String node) {
        String key = random.nextBoolean() ? "where" : "k";
        if (random.nextInt(3) == 0) {
            world.label(node, key, null);
            labels.remove(key);
        } else {
            String value = value(random);
            world.label(node, key, value);
            labels.put(key, value);
        }
    }

    private static String value(Random random) {
        return random.nextBoolean() ? "x" : "y";
    }

    private static JsonArray some(Random random, List<String> names) {
        return JsonArray.ofStrings(names.stream().filter(name -> random.nextInt(3) == 0).toList());
    }

    private static JsonObject unit(Random random) {
        JsonObject.Builder spec = JsonObject.builder().put("nodes", some(random, NAMES));
        if (random.nextBoolean()) {
            spec.put(
                    "selector",
                    JsonObject.of("matchLabels", JsonObject.of("where", value(random))));
        }
        return spec.put(
                        "setNode",
                        JsonObject.of("labels", JsonObject.of("set", "v" + random.nextInt(3))))
                .build();
    }

    private static JsonObject group(Random random) {
        JsonObject.Builder spec =
                JsonObject.builder()
                        .put(
                                "nodeUnits",
                                some(random, NAMES.stream().map(name -> "u-" + name).toList()));
        if (random.nextBoolean()) {
            spec.put("autoFindNodeKeys", JsonArray.ofStrings(List.of("k")));
        }
        return spec.build();
    }

    private static void put(World world, ResourceType type, String name, JsonObject spec) {
        KubeObject object = world.store.get(type.key("", name)).orElse(null);
        if (object == null) {
            world.store.create(type, KubeObject.of(type, "", name).withSpec(spec), World.USER);
        } else {
            world.store.update(
                    type, object.withSpec(spec).withoutMetadata("resourceVersion"), "", World.USER);
        }
    }

    private static boolean isRight(World world, Map<String, Map<String, String>> own) {
        List<KubeObject> units = world.store.all(ResourceType.NODE_UNITS);
        List<KubeObject> groups = world.store.all(ResourceType.NODE_GROUPS);
        if (units.stream().anyMatch(unit -> unit.deleted().isPresent())
                || groups.stream().anyMatch(group -> group.deleted().isPresent())) {
            return false;
        }
        for (KubeObject node : world.store.all(ResourceType.NODES)) {
            Map<String, String> labels = own.get(node.name());
            if (!node.labels().equals(expected(node.name(), labels, units, groups))) {
                return false;
            }
            String found = labels.get("k");
            boolean finds = groups.stream().anyMatch(SitesPropertyTest::finds);
            if (finds && found != null && !world.exists(ResourceType.NODE_UNITS, found)) {
                return false;
            }
        }
        return true;
    }

    private static boolean finds(KubeObject group) {
        return group.spec().has("autoFindNodeKeys");
    }

    private static Map<String, String> expected(
            String node,
            Map<String, String> labels,
            List<KubeObject> units,
            List<KubeObject> groups) {
        Map<String, String> expected = new TreeMap<>(labels);
        List<KubeObject> mine = new ArrayList<>();
        for (KubeObject unit : units) {
            JsonObject wanted = unit.spec().object("selector", "matchLabels");
            boolean selected =
                    !wanted.isEmpty() && labels.entrySet().containsAll(wanted.strings().entrySet());
            if (selected || unit.spec().array("nodes").strings().contains(node)) {
                mine.add(unit);
            }
        }
        mine.sort((a, b) -> a.name().compareTo(b.name()));
        for (KubeObject unit : mine) {
            expected.put(unit.name(), "nodeunits.superedge.io");
            unit.spec()
                    .object("setNode", "labels")
                    .get("set")
                    .map(Json::toJson)
                    .ifPresent(value -> expected.putIfAbsent("set", value.replace("\"", "")));
            for (KubeObject group : groups) {
                boolean named = group.spec().array("nodeUnits").strings().contains(unit.name());
                boolean found = finds(group) && unit.name().length() == 1;
                if (named || found) {
                    expected.putIfAbsent(group.name(), unit.name());
                }
            }
        }
        return expected;
    }
}
