// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.storage.FirstClass;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Claims, their volumes, and the pods that use them. */
final class StorageTest {
    private static final ResourceType CLAIMS = ResourceType.PERSISTENT_VOLUME_CLAIMS;
    private static final ResourceType VOLUMES = ResourceType.PERSISTENT_VOLUMES;
    private static final String SMALL =
            "'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}";

    private final World world = new World(World.Kind.EMBEDDED);

    @BeforeEach
    void begin() {
        world.namespace("kube-system");
        FirstClass.ensure(world.store);
        world.start();
        node("n1");
        node("n2");
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void node(String name) {
        world.node(name, Map.of("kubernetes.io/hostname", name));
    }

    private static JsonObject parse(String json) {
        return World.parse(json.replace('\'', '"'));
    }

    private KubeObject claim(String name, String spec) {
        return world.store.create(
                CLAIMS,
                KubeObject.of(CLAIMS, "default", name).withSpec(parse("{" + spec + "}")),
                World.USER);
    }

    private void storageClass(String name, String members) {
        world.store.create(
                ResourceType.STORAGE_CLASSES,
                new KubeObject(
                        KubeObject.of(ResourceType.STORAGE_CLASSES, "", name).json().toBuilder()
                                .putAll(parse("{" + members + "}"))
                                .build()),
                World.USER);
    }

    private KubeObject volume(String name, String size, String node, String more) {
        return world.store.create(
                VOLUMES,
                KubeObject.of(VOLUMES, "", name)
                        .withLabels(Map.of("name", name))
                        .withSpec(
                                parse(
                                        "{'capacity':{'storage':'"
                                                + size
                                                + "'},'accessModes':['ReadWriteOnce'],"
                                                + "'local':{'path':'/data/"
                                                + name
                                                + "'},'nodeAffinity':"
                                                + LocalVolumes.affinityTo(node).toJson()
                                                + more
                                                + "}")),
                World.USER);
    }

    private void pod(String name, String claim, String more) {
        world.store.create(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", name)
                        .withSpec(
                                parse(
                                        "{'containers':[{'name':'c','image':'i'}],'volumes':[{'name':'v',"
                                            + "'persistentVolumeClaim':{'claimName':'"
                                                + claim
                                                + "'}}]"
                                                + more
                                                + "}")),
                World.USER);
    }

    private String nodeOf(String pod) {
        return world.get(ResourceType.PODS, pod).spec().text("nodeName");
    }

    private String phase(ResourceType type, String name) {
        return world.store
                .get(type.key("default", name))
                .map(it -> it.status().text("phase"))
                .orElse("");
    }

    private KubeObject boundTo(String claim) {
        await(claim + " is bound", () -> phase(CLAIMS, claim).equals("Bound"));
        String volume = world.get(CLAIMS, claim).spec().text("volumeName");
        await(volume + " is bound", () -> phase(VOLUMES, volume).equals("Bound"));
        return world.get(VOLUMES, volume);
    }

    private void awaitNode(String pod) {
        await(pod + " has a node", () -> !nodeOf(pod).isEmpty());
    }

    private void awaitGone(ResourceType type, String name) {
        await(name + " is gone", () -> !world.exists(type, name));
    }

    private void awaitEvent(String text) {
        try {
            await(text, () -> world.events().contains(text));
        } catch (AssertionError e) {
            assertThat(world.events()).contains(text);
        }
    }

    /** What pods wait for is in the condition as soon as in the event. */
    private void awaitRefusal(String pod, String message) {
        await(
                pod + ": " + message,
                () ->
                        world.get(ResourceType.PODS, pod)
                                .condition("PodScheduled")
                                .filter(it -> it.text("message").contains(message))
                                .isPresent());
    }

    private boolean isReadyToGo(String volume) {
        return world.store
                .get(VOLUMES.key("", volume))
                .filter(it -> it.deleted().isPresent() && it.finalizers().isEmpty())
                .isPresent();
    }

    /** As the gateway does when the folder is removed. */
    private void confirm(KubeObject volume) {
        world.store.delete(
                VOLUMES,
                volume.key(VOLUMES),
                new DeleteOptions(OptionalLong.of(0), volume.uid(), null, null, false));
    }

    @Test
    void aClaimFollowsItsFirstPodAndLaterPodsFollowTheClaim() {
        claim("data", SMALL);
        awaitEvent("WaitForFirstConsumer: waiting for first consumer to be created");
        assertThat(world.get(CLAIMS, "data").spec().text("storageClassName"))
                .isEqualTo("wayside-local");
        pod("first", "data", "");
        awaitNode("first");
        KubeObject volume = boundTo("data");
        String node = nodeOf("first");
        String name = "pvc-" + world.get(CLAIMS, "data").uid();
        assertThat(volume.name()).isEqualTo(name);
        assertThat(volume.spec().text("local", "path")).isEqualTo(name);
        assertThat(LocalVolumes.node(volume)).isEqualTo(node);
        assertThat(LocalVolumes.isRemovedByGateway(volume)).isTrue();
        assertThat(world.get(CLAIMS, "data").status().text("capacity", "storage")).isEqualTo("1Gi");
        // Other pods would rather go to the emptier node.
        for (int i = 0; i < 3; i++) {
            pod("more-" + i, "data", "");
            awaitNode("more-" + i);
            assertThat(nodeOf("more-" + i)).isEqualTo(node);
        }
        String other = node.equals("n1") ? "n2" : "n1";
        pod("elsewhere", "data", ",'nodeSelector':{'kubernetes.io/hostname':'" + other + "'}");
        awaitRefusal("elsewhere", "1 node(s) didn't match PersistentVolume's node affinity");
    }

    @Test
    void aClaimInUseStaysAndItsFolderGoesOnlyWhenTheGatewaySaysSo() {
        claim("data", SMALL);
        pod("p", "data", "");
        awaitNode("p");
        KubeObject volume = boundTo("data");
        world.delete(CLAIMS, "data");
        pod("late", "data", "");
        awaitRefusal("late", "persistentvolumeclaim \"data\" is being deleted");
        assertThat(world.get(CLAIMS, "data").finalizers())
                .containsExactly("kubernetes.io/pvc-protection");
        assertThat(world.get(VOLUMES, volume.name()).deleted()).isEmpty();

        world.delete(ResourceType.PODS, "p");
        awaitGone(CLAIMS, "data");
        await("ready to go", () -> isReadyToGo(volume.name()));
        assertThat(phase(VOLUMES, volume.name())).isEqualTo("Released");
        // The gateway is away; the connector is started anew meanwhile.
        world.restart();
        claim("data", SMALL);
        awaitNode("late");
        assertThat(boundTo("data").name()).isNotEqualTo(volume.name());
        assertThat(isReadyToGo(volume.name())).isTrue();
        confirm(volume);
        assertThat(world.exists(VOLUMES, volume.name())).isFalse();
    }

    @Test
    void whatIsRetainedStaysAndIsGivenToNobody() {
        storageClass(
                "keep",
                "'provisioner':'wayside.dev/local-folder','reclaimPolicy':'Retain',"
                    + "'volumeBindingMode':'WaitForFirstConsumer','parameters':{'path':'/srv/x'}");
        claim("data", SMALL + ",'storageClassName':'keep'");
        pod("p", "data", "");
        awaitNode("p");
        KubeObject volume = boundTo("data");
        assertThat(volume.spec().text("local", "path")).isEqualTo("/srv/x/" + volume.name());
        world.delete(ResourceType.PODS, "p");
        world.delete(CLAIMS, "data");
        awaitGone(CLAIMS, "data");
        await("released", () -> phase(VOLUMES, volume.name()).equals("Released"));
        claim("data", SMALL + ",'storageClassName':'keep'");
        pod("q", "data", "");
        awaitNode("q");
        assertThat(boundTo("data").name()).isNotEqualTo(volume.name());
        assertThat(world.get(VOLUMES, volume.name()).deleted()).isEmpty();
        world.delete(VOLUMES, volume.name());
        awaitGone(VOLUMES, volume.name());
    }

    @Test
    void aClaimTakesTheSmallestVolumeThatFits() {
        volume("small", "500Mi", "n1", "");
        volume("huge", "100Gi", "n1", "");
        volume("fitting", "2Gi", "n1", "");
        volume("other-class", "1Gi", "n1", ",'storageClassName':'x'");
        volume("block", "1Gi", "n1", ",'volumeMode':'Block'");
        await("available", () -> phase(VOLUMES, "block").equals("Available"));
        claim("data", SMALL + ",'storageClassName':''");
        assertThat(boundTo("data").name()).isEqualTo("fitting");
        claim("more", SMALL + ",'storageClassName':'','selector':{'matchLabels':{'name':'huge'}}");
        assertThat(boundTo("more").name()).isEqualTo("huge");
        claim("none", SMALL + ",'storageClassName':''");
        awaitEvent(
                "FailedBinding: no persistent volumes available for this claim and no storage"
                        + " class is set");
        pod("p", "none", "");
        awaitRefusal(
                "p", "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.");
        // The pod comes again by itself when the claim has its volume.
        volume("late", "1Gi", "n2", "");
        awaitNode("p");
        assertThat(nodeOf("p")).isEqualTo("n2");
    }

    @Test
    void promisesAreKept() {
        volume("mine", "1Gi", "n1", ",'claimRef':{'namespace':'default','name':'chosen'}");
        volume("free", "1Gi", "n1", "");
        await("available", () -> phase(VOLUMES, "mine").equals("Available"));
        claim("any", SMALL + ",'storageClassName':''");
        assertThat(boundTo("any").name()).isEqualTo("free");
        claim("thief", SMALL + ",'storageClassName':'','volumeName':'mine'");
        awaitEvent("FailedBinding: volume \"mine\" already bound to a different claim.");
        claim("chosen", SMALL + ",'storageClassName':''");
        assertThat(boundTo("chosen").name()).isEqualTo("mine");
        volume("named", "1Gi", "n2", "");
        claim(
                "greedy",
                "'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'2Gi'}},"
                        + "'storageClassName':'','volumeName':'named'");
        awaitEvent(
                "VolumeMismatch: Cannot bind to requested volume \"named\": requested PV is too"
                        + " small");
        claim("asking", SMALL + ",'storageClassName':'','volumeName':'named'");
        assertThat(boundTo("asking").name()).isEqualTo("named");
        assertThat(phase(CLAIMS, "thief")).isEqualTo("Pending");
    }

    @Test
    void volumesOfAClassThatMakesNoneFollowThePodToo() {
        storageClass(
                "disks",
                "'provisioner':'kubernetes.io/no-provisioner',"
                        + "'volumeBindingMode':'WaitForFirstConsumer'");
        claim("data", SMALL + ",'storageClassName':'disks'");
        pod("p", "data", "");
        awaitRefusal("p", "2 node(s) didn't find available persistent volumes to bind");
        volume("disk", "1Gi", "n2", ",'storageClassName':'disks'");
        awaitNode("p");
        assertThat(nodeOf("p")).isEqualTo("n2");
        assertThat(boundTo("data").name()).isEqualTo("disk");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'volumeBindingMode':'Immediate'||needs volumeBindingMode WaitForFirstConsumer",
                "'parameters':{'path':'a/b'}||parameter path must be absolute",
                "'parameters':{'path':'/a/../b'}||parameter path must be absolute",
                "'parameters':{'size':'1'}||unknown parameter \"size\"",
                "'mountOptions':['x']||a folder has no mountOptions",
                "'reclaimPolicy':'Delete'|'volumeMode':'Block'|cannot have volumeMode Block",
            })
    void whatCannotBeMadeIsSaid(String ofClass, String ofClaim, String message) {
        storageClass(
                "odd",
                "'provisioner':'wayside.dev/local-folder',"
                        + ofClass
                        + (ofClass.contains("BindingMode")
                                ? ""
                                : ",'volumeBindingMode':'WaitForFirstConsumer'"));
        claim("data", SMALL + ",'storageClassName':'odd'" + (ofClaim == null ? "" : "," + ofClaim));
        world.patch(
                CLAIMS,
                "data",
                "{\"metadata\":{\"annotations\":{\"volume.kubernetes.io/selected-node\":\"n1\"}}}");
        awaitEvent(message);
        assertThat(world.names(VOLUMES)).isEmpty();
        assertThat(phase(CLAIMS, "data")).isEqualTo("Pending");
    }

    @Test
    void whatAPodWaitsForIsSaidAndItsComingWakesThePod() {
        pod("p", "data", "");
        awaitRefusal("p", "0/2 nodes are available: persistentvolumeclaim \"data\" not found.");
        claim("data", SMALL + ",'storageClassName':'later'");
        awaitEvent("ProvisioningFailed: storageclass.storage.k8s.io \"later\" not found");
        awaitRefusal("p", "pod has unbound immediate PersistentVolumeClaims");
        storageClass(
                "later",
                "'provisioner':'wayside.dev/local-folder',"
                        + "'volumeBindingMode':'WaitForFirstConsumer'");
        awaitNode("p");
        boundTo("data");
    }

    @Test
    void onePodAloneMayHaveAClaimThatSaysSo() {
        claim(
                "data",
                "'accessModes':['ReadWriteOncePod'],'resources':{'requests':{'storage':'1Gi'}}");
        pod("p", "data", "");
        awaitNode("p");
        pod("q", "data", "");
        awaitRefusal("q", "node has pod using PersistentVolumeClaim with the same name");
        world.delete(ResourceType.PODS, "p");
        awaitNode("q");
    }

    @Test
    void aDeletedNodeLosesItsVolumesByTheOperatorsWord() {
        claim("data", SMALL);
        pod("p", "data", "");
        awaitNode("p");
        KubeObject volume = boundTo("data");
        String node = nodeOf("p");
        world.delete(ResourceType.NODES, node);
        await(
                "volume says so",
                () ->
                        world.get(VOLUMES, volume.name())
                                .status()
                                .text("reason")
                                .equals("NodeDeleted"));
        await("claim says so", () -> world.get(CLAIMS, "data").condition("VolumeLost").isPresent());
        awaitEvent("VolumeLost: node \"" + node + "\" was deleted");
        assertThat(phase(VOLUMES, volume.name())).isEqualTo("Bound");

        // It joins again, with its data folder: nothing was given up.
        node(node);
        await(
                "claim is well again",
                () -> world.get(CLAIMS, "data").condition("VolumeLost").isEmpty());
        assertThat(world.get(VOLUMES, volume.name()).status().text("reason")).isEmpty();

        world.delete(ResourceType.NODES, node);
        awaitGone(ResourceType.PODS, "p");
        world.delete(CLAIMS, "data");
        awaitGone(CLAIMS, "data");
        awaitGone(VOLUMES, volume.name());
    }

    @Test
    void aVolumeDeletedByHandIsLetGoOnlyWithItsClaim() {
        claim("data", SMALL);
        pod("p", "data", "");
        awaitNode("p");
        KubeObject volume = boundTo("data");
        world.delete(VOLUMES, volume.name());
        world.delete(ResourceType.PODS, "p");
        awaitGone(ResourceType.PODS, "p");
        assertThat(isReadyToGo(volume.name())).isFalse();
        world.delete(CLAIMS, "data");
        awaitGone(CLAIMS, "data");
        await("ready to go", () -> isReadyToGo(volume.name()));
        confirm(volume);
        assertThat(world.exists(VOLUMES, volume.name())).isFalse();
    }

    @Test
    void untilTheGatewayHasDoneItTheDataCanBeKeptAfterAll() {
        claim("data", SMALL);
        pod("p", "data", "");
        awaitNode("p");
        KubeObject volume = boundTo("data");
        world.delete(ResourceType.PODS, "p");
        world.delete(CLAIMS, "data");
        await("ready to go", () -> isReadyToGo(volume.name()));
        world.patch(
                VOLUMES,
                volume.name(),
                "{\"spec\":{\"persistentVolumeReclaimPolicy\":\"Retain\"}}");
        awaitGone(VOLUMES, volume.name());
    }

    @Test
    void aClaimWhoseVolumeWasTakenAwayIsLost() {
        volume("v", "1Gi", "n1", "");
        claim("data", SMALL + ",'storageClassName':''");
        boundTo("data");
        world.stop();
        world.delete(VOLUMES, "v");
        world.patch(VOLUMES, "v", "{\"metadata\":{\"finalizers\":null}}");
        world.start();
        await("lost", () -> phase(CLAIMS, "data").equals("Lost"));
        awaitEvent("ClaimLost: Bound claim has lost its PersistentVolume.");
        pod("p", "data", "");
        awaitRefusal(
                "p", "persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"v\"");
    }

    @Test
    void whatTheOperatorMadeOfTheFirstClassHolds() {
        world.delete(ResourceType.STORAGE_CLASSES, "wayside-local");
        FirstClass.ensure(world.store);
        assertThat(world.names(ResourceType.STORAGE_CLASSES)).isEmpty();
        claim("data", SMALL);
        awaitEvent("no storage class is set");
        storageClass(
                "mine",
                "'provisioner':'wayside.dev/local-folder','volumeBindingMode':"
                        + "'WaitForFirstConsumer'");
        world.patch(
                ResourceType.STORAGE_CLASSES,
                "mine",
                "{\"metadata\":{\"annotations\":{\"storageclass.kubernetes.io/is-default-class\":\"true\"}}}");
        pod("p", "data", "");
        awaitNode("p");
        assertThat(world.get(CLAIMS, "data").spec().text("storageClassName")).isEqualTo("mine");
    }

    /** Killed before it sees the answer of a write, the n-th from the start of the connector. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void comesToTheSameEndWhereverItIsKilled(int write) {
        world.stop();
        claim("data", SMALL);
        pod("p", "data", "");
        killAt(write, () -> phase(CLAIMS, "data").equals("Bound"));
        awaitNode("p");
        KubeObject volume = boundTo("data");
        assertThat(world.names(VOLUMES)).containsExactly(volume.name());
        assertThat(LocalVolumes.node(volume)).isEqualTo(nodeOf("p"));

        world.stop();
        world.delete(ResourceType.PODS, "p");
        awaitGone(ResourceType.PODS, "p");
        world.delete(CLAIMS, "data");
        killAt(write, () -> isReadyToGo(volume.name()));
        awaitGone(CLAIMS, "data");
        await("ready to go", () -> isReadyToGo(volume.name()));
        confirm(volume);
        assertThat(world.names(VOLUMES)).isEmpty();
    }

    /** Starts the controllers, kills them at a write unless they are done, and starts anew. */
    private void killAt(int write, BooleanSupplier done) {
        AtomicInteger made = new AtomicInteger();
        AtomicBoolean dead = new AtomicBoolean();
        world.store.beforeWrite(
                (verb, object) -> {
                    if (dead.get()) {
                        throw new ApiException(Reason.INTERNAL, "killed");
                    }
                });
        world.store.afterWrite(
                (verb, object) -> {
                    if (isStorage(object) && made.incrementAndGet() == write) {
                        dead.set(true);
                        throw new ApiException(Reason.INTERNAL, "killed");
                    }
                });
        world.start();
        await("killed or done", () -> dead.get() || done.getAsBoolean());
        world.stop();
        heal();
        world.start();
    }

    private void heal() {
        world.store.beforeWrite((verb, object) -> {});
        world.store.afterWrite((verb, object) -> {});
    }

    private static boolean isStorage(KubeObject object) {
        return object.kind().startsWith("PersistentVolume");
    }
}
