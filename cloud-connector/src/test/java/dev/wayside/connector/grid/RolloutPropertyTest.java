// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.rollout.Phase;
import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever templates come, sites come and go, pods fail, writes are refused or their answers lost,
 * and the controllers end and begin again in between: no child changes that the rollout did not
 * let, and a good template comes to every site in the end.
 */
final class RolloutPropertyTest {
    private static final int STEPS = 30;
    private static final int SITES = 4;
    private static final int ENOUGH = 400;

    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final List<JsonObject> statuses = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, String> labels = new TreeMap<>();
    private int version;
    private int ticks;

    static IntStream seeds() {
        return IntStream.range(0, 4);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void onlyWhatIsLetChangesAndAllEndsWell(int seed) {
        Random random = new Random(seed);
        Random trouble = new Random(seed + 1_000L);
        try (World world = new World(World.Kind.FAKE)) {
            world.healthy(pod -> !image(pod.spec()).endsWith("bad"));
            begin(world, random);
            world.store.observe(
                    ResourceType.GRID_ROLLOUTS, (before, after) -> statuses.add(after.status()));
            world.store.observe(ResourceType.DEPLOYMENTS, this::changed);
            world.store.beforeWrite((verb, object) -> maybe(trouble, object, "refused"));
            world.store.afterWrite((verb, object) -> maybe(trouble, object, "no answer"));
            world.start();
            for (int i = 0; i < STEPS; i++) {
                step(world, random);
                pass(world, random.nextInt(40));
                if (random.nextInt(5) == 0) {
                    world.restart();
                }
            }
            world.store.beforeWrite((verb, object) -> {});
            world.store.afterWrite((verb, object) -> {});
            template(world, "good");
            for (int i = 0; i < ENOUGH && !isRight(world); i++) {
                pass(world, 2);
                if (progress(world).isStopped()) {
                    template(world, "good"); // as a person would
                }
            }
            assertThat(isRight(world))
                    .as(
                            () ->
                                    labels
                                            + " "
                                            + world.get(ResourceType.GRID_ROLLOUTS, "careful")
                                                    .json()
                                            + world.store.all(ResourceType.DEPLOYMENTS).stream()
                                                    .map(child -> child.json().toJson())
                                                    .toList())
                    .isTrue();
            assertThat(wrong).isEmpty();
        }
    }

    private void begin(World world, Random random) {
        for (int i = 0; i < SITES; i++) {
            labels.put("n" + i, "s" + i);
            world.node("n" + i, Map.of("site", "s" + i));
        }
        String spec =
                "{\"onFailure\":\""
                        + (random.nextBoolean() ? "Rollback" : "Pause")
                        + "\",\"maxConcurrentSites\":"
                        + (1 + random.nextInt(2))
                        + ",\"order\":[{\"count\":1}],"
                        + "\"health\":{\"availableForSeconds\":10,\"progressDeadlineSeconds\":60}}";
        world.store.create(
                ResourceType.GRID_ROLLOUTS,
                KubeObject.of(ResourceType.GRID_ROLLOUTS, "default", "careful")
                        .withSpec(World.parse(spec)),
                World.USER);
        world.store.create(
                ResourceType.DEPLOYMENT_GRIDS,
                KubeObject.of(ResourceType.DEPLOYMENT_GRIDS, "default", "web")
                        .withAnnotations(Map.of(RolloutClaims.ROLLOUT, "careful"))
                        .withSpec(
                                World.parse(
                                        SiteGridContract.gridSpec(
                                                World.spec("web", "v0-good", "")))),
                World.USER);
    }

    /** Users and gateways are spared. */
    private static void maybe(Random trouble, KubeObject object, String what) {
        boolean ours =
                Thread.currentThread().getName().startsWith("wayside-")
                        && List.of("Deployment", "GridRollout", "ControllerRevision")
                                .contains(object.kind());
        synchronized (trouble) {
            if (ours && trouble.nextInt(12) == 0) {
                throw new ApiException(Reason.TIMEOUT, what);
            }
        }
    }

    private static String image(JsonObject podSpec) {
        List<JsonObject> containers = podSpec.array("containers").objects();
        return containers.isEmpty() ? "" : containers.get(0).text("image");
    }

    private static String childImage(@Nullable KubeObject child) {
        return child == null ? "" : image(child.spec().object("template", "spec"));
    }

    private void changed(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before == null || after == null || childImage(before).equals(childImage(after))) {
            return;
        }
        String site = after.labels().getOrDefault("wayside.dev/site", "");
        List<JsonObject> last;
        synchronized (statuses) {
            last = List.copyOf(statuses.subList(Math.max(0, statuses.size() - 3), statuses.size()));
        }
        boolean let =
                last.stream()
                        .map(Progress::of)
                        .anyMatch(
                                progress ->
                                        progress.changing().containsKey(site)
                                                || progress.phase() == Phase.COMPLETED);
        if (!let) {
            wrong.add(
                    site
                            + " from "
                            + childImage(before)
                            + " to "
                            + childImage(after)
                            + ": "
                            + last);
        }
    }

    private void step(World world, Random random) {
        String node = "n" + random.nextInt(SITES);
        switch (random.nextInt(6)) {
            case 0 -> template(world, "good");
            case 1 -> template(world, random.nextBoolean() ? "bad" : "good");
            case 2 -> {
                String site = "s" + random.nextInt(SITES + 1);
                labels.put(node, site);
                world.label(node, "site", site);
            }
            case 3 -> silence(world, node, "Unknown");
            case 4 -> silence(world, node, "True");
            default ->
                    world.pods("web-")
                            .findAny()
                            .ifPresent(pod -> world.delete(ResourceType.PODS, pod.name()));
        }
    }

    private void template(World world, String kind) {
        version++;
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"spec\":{\"template\":"
                        + World.spec("web", "v" + version + "-" + kind, "")
                        + "}}");
    }

    private static void silence(World world, String node, String ready) {
        KubeObject now = world.get(ResourceType.NODES, node);
        JsonObject condition = JsonObject.of("type", "Ready").with("status", ready);
        world.store.update(
                ResourceType.NODES,
                now.withStatus(
                                now.status()
                                        .with(
                                                "conditions",
                                                dev.wayside.model.JsonArray.of(condition)))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
    }

    private void pass(World world, int seconds) {
        world.clock.advance(Duration.ofSeconds(seconds));
        ticks++;
        world.patch(
                ResourceType.GRID_ROLLOUTS,
                "careful",
                "{\"metadata\":{\"annotations\":{\"tick\":\"" + ticks + "\"}}}");
        long until = System.nanoTime() + 30_000_000;
        await("a moment", () -> System.nanoTime() > until);
    }

    private static Progress progress(World world) {
        return Progress.of(world.get(ResourceType.GRID_ROLLOUTS, "careful").status());
    }

    private boolean isRight(World world) {
        for (int i = 0; i < SITES; i++) {
            silence(world, "n" + i, "True");
        }
        return progress(world).phase() == Phase.COMPLETED
                && labels.values().stream()
                        .allMatch(
                                site ->
                                        childImage(
                                                        world.store
                                                                .get(
                                                                        ResourceType.DEPLOYMENTS
                                                                                .key(
                                                                                        "default",
                                                                                        "web-"
                                                                                                + site))
                                                                .orElse(null))
                                                .equals("v" + version + "-good"));
    }
}
