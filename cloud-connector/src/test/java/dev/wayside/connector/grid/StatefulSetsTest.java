// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.parse;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** StatefulSets with real controllers on the embedded store. */
final class StatefulSetsTest {
    private static final ResourceType SETS = ResourceType.STATEFUL_SETS;
    private static final ResourceType CLAIMS = ResourceType.PERSISTENT_VOLUME_CLAIMS;
    private static final ResourceType REVISIONS = ResourceType.CONTROLLER_REVISIONS;

    private final World world = new World(World.Kind.EMBEDDED);
    private final ConcurrentLinkedQueue<String> made = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> ended = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void watch() {
        world.node("a", Map.of());
        world.store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (before == null) {
                        made.add(after.name());
                    } else if (after == null) {
                        ended.add(before.name());
                    }
                });
    }

    @AfterEach
    void close() {
        world.close();
    }

    private KubeObject create(String image, String more) {
        return world.create(SETS, "web", World.spec("web", image, more));
    }

    private KubeObject set() {
        return world.get(SETS, "web");
    }

    private KubeObject pod(int ordinal) {
        return world.get(ResourceType.PODS, "web-" + ordinal);
    }

    private List<String> podNames() {
        return world.pods("web-").map(KubeObject::name).sorted().toList();
    }

    private void patch(String spec) {
        world.patch(SETS, "web", "{\"spec\":" + spec + "}");
    }

    private void image(String image) {
        patch(
                "{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\""
                        + image
                        + "\"}]}}}");
    }

    private static String imageOf(KubeObject pod) {
        return pod.spec().array("containers").objects().get(0).text("image");
    }

    private Map<String, String> images() {
        Map<String, String> images = new TreeMap<>();
        world.pods("web-").forEach(pod -> images.put(pod.name(), imageOf(pod)));
        return images;
    }

    private boolean isComplete(int replicas) {
        JsonObject status = set().status();
        return status.number("observedGeneration").orElse(0) == set().generation()
                && status.number("replicas").orElse(-1) == replicas
                && status.number("readyReplicas").orElse(0) == replicas
                && status.number("updatedReplicas").orElse(0) == replicas
                && status.number("availableReplicas").orElse(0) == replicas
                && status.text("currentRevision").equals(status.text("updateRevision"));
    }

    private void complete(int replicas) {
        await("complete", () -> isComplete(replicas), Duration.ofSeconds(20));
    }

    @Test
    void podsAreMadeUpwardsAndTakenAwayDownwardsOneByOne() {
        world.healthy(pod -> !pod.name().equals("web-1"));
        world.start();
        create("v1", ",\"replicas\":3,\"serviceName\":\"peers\"");
        await("the second", () -> made.contains("web-1"));
        await("told", () -> set().status().number("readyReplicas").orElse(0) == 1);
        assertThat(podNames()).as("the third waits for the second").doesNotContain("web-2");
        world.healthy(pod -> true);
        complete(3);
        assertThat(made).containsExactly("web-0", "web-1", "web-2");
        KubeObject pod = pod(2);
        assertThat(pod.labels())
                .containsEntry("statefulset.kubernetes.io/pod-name", "web-2")
                .containsEntry("apps.kubernetes.io/pod-index", "2")
                .containsEntry("controller-revision-hash", set().status().text("updateRevision"))
                .containsEntry("app", "web");
        assertThat(pod.spec().text("hostname")).isEqualTo("web-2");
        assertThat(pod.spec().text("subdomain")).isEqualTo("peers");
        assertThat(pod.controller().orElseThrow().uid()).isEqualTo(set().uid());
        patch("{\"replicas\":0}");
        complete(0);
        assertThat(ended).containsExactly("web-2", "web-1", "web-0");
        assertThat(world.events())
                .contains("SuccessfulCreate: create Pod web-2 in StatefulSet web successful")
                .contains("SuccessfulDelete: delete Pod web-2 in StatefulSet web successful");
    }

    @Test
    void aParallelSetWaitsForNone() {
        world.healthy(pod -> false);
        world.start();
        create(
                "v1",
                ",\"replicas\":3,\"podManagementPolicy\":\"Parallel\",\"ordinals\":{\"start\":5}");
        await("all", () -> podNames().equals(List.of("web-5", "web-6", "web-7")));
        patch("{\"replicas\":1}");
        await("one", () -> podNames().equals(List.of("web-5")));
        patch("{\"ordinals\":null}");
        await("the other", () -> podNames().equals(List.of("web-0")));
    }

    @Test
    void aPodCountsWhenItHasBeenReadyForLongEnough() {
        world.start();
        create("v1", ",\"replicas\":2,\"minReadySeconds\":3600");
        await("ready", () -> set().status().number("readyReplicas").orElse(0) == 1);
        assertThat(set().status().number("availableReplicas")).hasValue(0);
        assertThat(podNames()).containsExactly("web-0");
        world.clock.advance(Duration.ofHours(2));
        world.patch(SETS, "web", "{\"metadata\":{\"labels\":{\"look\":\"again\"}}}");
        await("next", () -> podNames().contains("web-1"));
    }

    @ParameterizedTest
    @CsvSource({"1,OrderedReady", "2,OrderedReady", "2,Parallel"})
    void aRolloutGoesDownwardsWithinItsBounds(int unavailable, String policy) {
        Random random = new Random(11);
        world.store.lag(() -> random.nextInt(4));
        world.start();
        create(
                "v1",
                ",\"replicas\":5,\"podManagementPolicy\":\""
                        + policy
                        + "\",\"updateStrategy\":{\"rollingUpdate\":{\"maxUnavailable\":"
                        + unavailable
                        + "}}");
        complete(5);
        String before = set().status().text("currentRevision");
        Set<String> ready = ConcurrentHashMap.newKeySet();
        podNames().forEach(ready::add);
        AtomicInteger least = new AtomicInteger(5);
        world.store.observe(
                ResourceType.PODS,
                (was, pod) -> {
                    boolean up = pod != null && pod.deleted().isEmpty();
                    String name = pod == null ? was.name() : pod.name();
                    if (up && pod.conditionIsTrue("Ready")) {
                        ready.add(name);
                    } else {
                        ready.remove(name);
                    }
                    least.accumulateAndGet(ready.size(), Math::min);
                });
        image("v2");
        for (int i = 0; i < 3; i++) {
            int seen = i;
            await("some", () -> ended.size() > seen);
            world.restart();
        }
        complete(5);
        assertThat(images().values()).containsOnly("v2");
        assertThat(least.get()).isGreaterThanOrEqualTo(5 - unavailable);
        assertThat(made).hasSize(10);
        if (unavailable == 1) {
            assertThat(ended).containsExactly("web-4", "web-3", "web-2", "web-1", "web-0");
        }
        assertThat(set().status().text("currentRevision")).isNotEqualTo(before);
    }

    @Test
    void aPartitionKeepsTheLowerOnesAsTheyAre() {
        world.start();
        create("v1", ",\"replicas\":3");
        complete(3);
        String old = set().status().text("currentRevision");
        patch("{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":2}}}");
        image("v2");
        await("the upper", () -> set().status().number("updatedReplicas").orElse(0) == 1);
        await("ready", () -> set().status().number("readyReplicas").orElse(0) == 3);
        world.delete(ResourceType.PODS, "web-0");
        await("again", () -> made.stream().filter("web-0"::equals).count() == 2);
        await("ready", () -> set().status().number("readyReplicas").orElse(0) == 3);
        assertThat(images()).isEqualTo(Map.of("web-0", "v1", "web-1", "v1", "web-2", "v2"));
        assertThat(set().status().text("currentRevision")).isEqualTo(old);
        assertThat(set().status().number("currentReplicas")).hasValue(2);
        patch("{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}");
        complete(3);
        assertThat(images().values()).containsOnly("v2");
    }

    @Test
    void onDeleteWaitsForTheUser() {
        world.start();
        create("v1", ",\"replicas\":2,\"updateStrategy\":{\"type\":\"OnDelete\"}");
        complete(2);
        image("v2");
        await(
                "seen",
                () -> set().status().number("observedGeneration").orElse(0) == set().generation());
        assertThat(images().values()).containsOnly("v1");
        world.delete(ResourceType.PODS, "web-0");
        await("new", () -> images().equals(Map.of("web-0", "v2", "web-1", "v1")));
        assertThat(ended).containsExactly("web-0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"OrderedReady", "Parallel"})
    void aMendedTemplateReplacesTheBrokenPod(String policy) {
        world.healthy(pod -> !imageOf(pod).equals("bad"));
        world.start();
        create("bad", ",\"replicas\":3,\"podManagementPolicy\":\"" + policy + "\"");
        await("broken", () -> podNames().contains("web-0"));
        image("v1");
        complete(3);
        image("bad");
        await("broken", () -> images().getOrDefault("web-2", "").equals("bad"));
        await("told", () -> set().status().number("readyReplicas").orElse(0) == 2);
        String uid = pod(0).uid();
        image("v1");
        complete(3);
        assertThat(images().values()).containsOnly("v1");
        assertThat(pod(0).uid()).as("the others were not touched").isEqualTo(uid);
    }

    @Test
    void templatesAreKeptAsRevisionsThatBringThemBack() {
        world.start();
        create("v1", ",\"replicas\":1,\"revisionHistoryLimit\":1");
        complete(1);
        image("v2");
        complete(1);
        assertThat(numbers()).isEqualTo(Map.of("v1", 1L, "v2", 2L));
        KubeObject first =
                world.store.all(REVISIONS).stream()
                        .filter(each -> revisionImage(each).equals("v1"))
                        .findFirst()
                        .orElseThrow();
        JsonObject data = first.json().object("data");
        assertThat(data.toJson())
                .as("byte for byte what kubectl rollout undo compares it with")
                .isEqualTo(
                        """
                        {'spec':{'template':{'$patch':'replace','metadata':{'labels':{'app':'web'}},\
                        'spec':{'containers':[{'image':'v1','imagePullPolicy':'Always','name':'c',\
                        'resources':{},'terminationMessagePath':'/dev/termination-log',\
                        'terminationMessagePolicy':'File'}],'dnsPolicy':'ClusterFirst',\
                        'restartPolicy':'Always','schedulerName':'default-scheduler',\
                        'securityContext':{},'terminationGracePeriodSeconds':30}}}}\
                        """
                                .replace('\'', '"'));
        assertThat(first.controller().orElseThrow().uid()).isEqualTo(set().uid());
        assertThat(first.labels()).containsEntry("app", "web");
        world.store.patch(
                SETS,
                SETS.key("default", "web"),
                new Patch(PatchType.STRATEGIC, data),
                "",
                World.USER);
        complete(1);
        assertThat(imageOf(pod(0))).isEqualTo("v1");
        await("renumbered", () -> numbers().equals(Map.of("v1", 3L, "v2", 2L)));
        assertThat(set().status().text("currentRevision")).isEqualTo(first.name());
        image("v3");
        complete(1);
        await("trimmed", () -> numbers().equals(Map.of("v1", 3L, "v3", 4L)));
    }

    private static String revisionImage(KubeObject revision) {
        return revision.json()
                .object("data", "spec", "template", "spec")
                .array("containers")
                .objects()
                .get(0)
                .text("image");
    }

    private Map<String, Long> numbers() {
        Map<String, Long> numbers = new TreeMap<>();
        world.store
                .all(REVISIONS)
                .forEach(
                        each ->
                                numbers.put(
                                        revisionImage(each),
                                        each.json().number("revision").orElse(0)));
        return numbers;
    }

    @Test
    void aNameThatIsTakenByAnotherRevisionIsGoneAround() {
        world.start();
        create("v1", ",\"replicas\":1");
        complete(1);
        KubeObject mine = world.get(REVISIONS, set().status().text("updateRevision"));
        world.delete(SETS, "web");
        await("gone", () -> world.names(REVISIONS).isEmpty());
        KubeObject other =
                KubeObject.of(REVISIONS, "default", mine.name())
                        .with("data", parse("{\"spec\":{}}"));
        world.store.create(REVISIONS, other, World.USER);
        create("v1", ",\"replicas\":1");
        complete(1);
        assertThat(set().status().number("collisionCount")).hasValue(1);
        assertThat(set().status().text("updateRevision")).isNotEqualTo(mine.name());
    }

    @Test
    void aPodThatFailedIsMadeAgainUnderItsName() {
        world.start();
        create("v1", ",\"replicas\":2");
        complete(2);
        String uid = pod(1).uid();
        world.store.update(
                ResourceType.PODS,
                pod(1).withStatus(parse("{\"phase\":\"Failed\"}"))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
        await("again", () -> made.stream().filter("web-1"::equals).count() == 2);
        complete(2);
        assertThat(pod(1).uid()).isNotEqualTo(uid);
    }

    @Test
    void aPodOfASilentNodeIsWaitedForWhateverIsAsked() {
        world.node("b", Map.of());
        world.start();
        create("v1", ",\"replicas\":2");
        complete(2);
        String node = pod(1).spec().text("nodeName");
        Map<Integer, String> uids = Map.of(0, pod(0).uid(), 1, pod(1).uid());
        world.store.update(
                ResourceType.NODES,
                world.get(ResourceType.NODES, node)
                        .withStatus(
                                parse(
                                        "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"Unknown\"}]}")),
                "status",
                World.USER);
        await("told", () -> set().status().number("readyReplicas").orElse(0) < 2);
        image("v2");
        await(
                "seen",
                () -> set().status().number("observedGeneration").orElse(0) == set().generation());
        world.restart();
        assertThat(pod(1).uid()).isEqualTo(uids.get(1));
        assertThat(pod(1).deleted()).isEmpty();
        assertThat(ended).isEmpty();
    }

    @Test
    void aForeignPodOfTheNameIsLeftAloneAndMakesRoomWhenItGoes() {
        world.store.create(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", "web-0")
                        .withSpec(
                                parse("{\"containers\":[{\"name\":\"x\",\"image\":\"theirs\"}]}")),
                World.USER);
        world.start();
        create("v1", ",\"replicas\":1");
        await("told", () -> world.events().contains("FailedCreate: create Pod web-0"));
        assertThat(imageOf(pod(0))).isEqualTo("theirs");
        world.delete(ResourceType.PODS, "web-0");
        complete(1);
        assertThat(imageOf(pod(0))).isEqualTo("v1");
    }

    @Test
    void orphansAreAdoptedByTheNextOfTheName() {
        world.start();
        create("v1", ",\"replicas\":2");
        complete(2);
        String uid = pod(1).uid();
        world.delete(SETS, "web", Propagation.ORPHAN);
        await("orphaned", () -> !world.exists(SETS, "web") && pod(1).controller().isEmpty());
        world.store.create(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", "web-other")
                        .withLabels(Map.of("app", "web"))
                        .withSpec(
                                parse("{\"containers\":[{\"name\":\"x\",\"image\":\"theirs\"}]}")),
                World.USER);
        create("v1", ",\"replicas\":2");
        complete(2);
        assertThat(pod(1).uid()).isEqualTo(uid);
        assertThat(world.names(REVISIONS)).hasSize(1);
        assertThat(world.get(ResourceType.PODS, "web-other").controller())
                .as("no name of the set's")
                .isEmpty();
    }

    @Test
    void killedBetweenAnyTwoWritesItGoesOn() {
        Random random = new Random(5);
        world.store.lag(() -> random.nextInt(5));
        AtomicInteger writes = new AtomicInteger();
        world.store.afterWrite(
                (verb, object) -> {
                    if (Set.of("Pod", "ControllerRevision", "PersistentVolumeClaim")
                                    .contains(object.kind())
                            && verb.equals("create")
                            && writes.incrementAndGet() % 3 == 0) {
                        throw new ApiException(Reason.TIMEOUT, "no answer");
                    }
                });
        world.start();
        create("v1", ",\"replicas\":3");
        for (int i = 0; i < 3; i++) {
            int seen = i;
            await("some", () -> made.size() > seen);
            world.restart();
        }
        complete(3);
        image("v2");
        for (int i = 0; i < 3; i++) {
            int seen = i;
            await("some", () -> ended.size() > seen);
            world.restart();
        }
        complete(3);
        patch("{\"replicas\":1}");
        await("some", () -> ended.size() > 3);
        world.restart();
        complete(1);
        assertThat(made).hasSize(6);
        assertThat(numbers()).isEqualTo(Map.of("v1", 1L, "v2", 2L));
    }

    private static String claims(String policy) {
        return ",\"replicas\":2,\"podManagementPolicy\":\"Parallel\",\"volumeClaimTemplates\":"
                   + "[{\"metadata\":{\"name\":\"data\",\"labels\":{\"tier\":\"disk\"}},\"spec\":"
                   + "{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}]"
                + policy;
    }

    private static String policy(String deleted, String scaled) {
        return ",\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\""
                + deleted
                + "\",\"whenScaled\":\""
                + scaled
                + "\"}";
    }

    private KubeObject claim(int ordinal) {
        return world.get(CLAIMS, "data-web-" + ordinal);
    }

    @Test
    void claimsAreMadeForEachPodAndKept() {
        world.start();
        create("v1", claims(""));
        await("pods", () -> podNames().size() == 2);
        assertThat(world.names(CLAIMS)).containsExactlyInAnyOrder("data-web-0", "data-web-1");
        assertThat(claim(0).labels()).isEqualTo(Map.of("tier", "disk", "app", "web"));
        assertThat(claim(0).owners()).isEmpty();
        assertThat(pod(1).spec().array("volumes").toJson())
                .isEqualTo(
                        "[{\"name\":\"data\",\"persistentVolumeClaim\":{\"claimName\":\"data-web-1\"}}]");
        String uid = claim(1).uid();
        patch("{\"replicas\":0}");
        await("none", () -> podNames().isEmpty());
        patch("{\"replicas\":2}");
        await("again", () -> podNames().size() == 2);
        world.delete(SETS, "web");
        await("gone", () -> podNames().isEmpty());
        assertThat(claim(1).uid()).isEqualTo(uid);
        assertThat(claim(1).deleted()).isEmpty();
    }

    @Test
    void claimsGoWithThePodThatIsScaledAwayWhereThePolicySaysSo() {
        world.start();
        create("v1", claims(policy("Retain", "Delete")));
        await("pods", () -> podNames().size() == 2);
        String uid = claim(1).uid();
        // Somebody wants to save the data first.
        world.patch(CLAIMS, "data-web-1", "{\"metadata\":{\"finalizers\":[\"example.com/copy\"]}}");
        patch("{\"replicas\":1}");
        await("on its way out", () -> claim(1).deleted().isPresent());
        assertThat(claim(0).deleted()).isEmpty();
        assertThat(claim(0).owners()).isEmpty();
        patch("{\"replicas\":2}");
        await(
                "seen",
                () -> set().status().number("observedGeneration").orElse(0) == set().generation());
        assertThat(podNames()).as("no pod on a claim that goes").containsExactly("web-0");
        world.patch(CLAIMS, "data-web-1", "{\"metadata\":{\"finalizers\":null}}");
        await("again", () -> podNames().size() == 2);
        assertThat(claim(1).uid()).isNotEqualTo(uid);
    }

    @Test
    void claimsGoWithTheSetWhereThePolicySaysSo() {
        world.start();
        create("v1", claims(policy("Delete", "Retain")));
        await("pods", () -> podNames().size() == 2);
        await(
                "owned",
                () ->
                        claim(1).owners().stream()
                                .anyMatch(owner -> owner.uid().equals(set().uid())));
        patch(
                "{\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"Retain\",\"whenScaled\":\"Retain\"}}");
        await("let go", () -> claim(0).owners().isEmpty() && claim(1).owners().isEmpty());
        patch(
                "{\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"Delete\",\"whenScaled\":\"Retain\"}}");
        await("owned", () -> claim(0).owners().size() == 1 && claim(1).owners().size() == 1);
        patch("{\"replicas\":1}");
        await("one", () -> podNames().size() == 1);
        assertThat(claim(1).deleted()).isEmpty();
        world.delete(SETS, "web");
        await("both", () -> claim(0).deleted().isPresent());
    }
}
