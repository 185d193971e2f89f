// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeOutbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that outlive pods: made, kept, and removed when their volumes go. */
final class ClaimedVolumesTest {
    private static final String UID = "0a1b2c3d-0000-4000-8000-000000000001";
    private static final String NAME = "pvc-" + UID;
    private static final String POD =
            """
            {"containers": [{"name": "main", "image": "app:1",
                             "volumeMounts": [{"name": "v", "mountPath": "/data"}]}],
             "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}\
            """;

    @TempDir Path temp;

    private TestGateway gateway;

    @BeforeEach
    void start() {
        gateway = new TestGateway(temp.resolve("pods"));
    }

    private void claim(String uid, String volume) {
        gateway.state.put(
                ResourceType.PERSISTENT_VOLUME_CLAIMS,
                KubeObject.of(ResourceType.PERSISTENT_VOLUME_CLAIMS, "default", "data")
                        .withMetadata("uid", Json.of(uid))
                        .withSpec(JsonObject.of("volumeName", volume)));
    }

    private KubeObject volume(String name, String claimUid, String path) {
        KubeObject volume =
                KubeObject.of(ResourceType.PERSISTENT_VOLUMES, "", name)
                        .withMetadata("uid", Json.of("uid-" + name))
                        .withAnnotations(
                                Map.of(LocalVolumes.PROVISIONED_BY, LocalVolumes.PROVISIONER))
                        .withSpec(
                                JsonObject.builder()
                                        .put("persistentVolumeReclaimPolicy", "Delete")
                                        .put("local", JsonObject.of("path", path))
                                        .put(
                                                "claimRef",
                                                JsonObject.builder()
                                                        .put("namespace", "default")
                                                        .put("name", "data")
                                                        .put("uid", claimUid)
                                                        .build())
                                        .put(
                                                "nodeAffinity",
                                                LocalVolumes.affinityTo(TestGateway.NODE))
                                        .build());
        gateway.state.put(ResourceType.PERSISTENT_VOLUMES, volume);
        return volume;
    }

    private void going(KubeObject volume) {
        gateway.state.put(
                ResourceType.PERSISTENT_VOLUMES,
                volume.withMetadata("deletionTimestamp", Json.of("2026-11-24T00:00:30Z"))
                        .withStatus(JsonObject.of("phase", "Released")));
    }

    private Path folder() {
        return temp.resolve("volumes").resolve(NAME);
    }

    private boolean isConfirmed() {
        ObjectKey key = ResourceType.PERSISTENT_VOLUMES.key("", NAME);
        return gateway.outbox.confirmed().contains(new FakeOutbox.Target(key, "uid-" + NAME));
    }

    private void run(String pod) {
        gateway.ask(pod, POD);
        gateway.settle();
        assertThat(gateway.status(pod).text("phase")).isEqualTo("Running");
    }

    private void end(String pod) throws Exception {
        gateway.delete(pod, 0);
        gateway.settle();
        gateway.advance(Duration.ofSeconds(2));
        gateway.drop(pod);
        gateway.settle();
        gateway.sweep();
    }

    @Test
    void aFolderIsMadeForAnyUserAndOutlivesPodsAndTheAgent() throws Exception {
        claim(UID, NAME);
        volume(NAME, UID, NAME);
        run("a");
        assertThat(Files.getPosixFilePermissions(folder()))
                .isEqualTo(PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(Files.getPosixFilePermissions(temp.resolve("volumes")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        Files.writeString(folder().resolve("file"), "kept");
        gateway.boot();
        gateway.settle();
        run("b"); // beside it
        end("a");
        end("b");
        run("c");
        assertThat(folder().resolve("file")).hasContent("kept");
        assertThat(isConfirmed()).isFalse();
    }

    @Test
    void aPodWaitsForItsClaimAndSaysWhy() {
        gateway.ask("a", POD);
        gateway.settle();
        assertWaits("persistentvolumeclaim \"data\" not found");
        claim(UID, "");
        gateway.settle();
        assertWaits("persistentvolumeclaim \"data\" is not bound to a volume yet");
        claim(UID, NAME);
        gateway.settle();
        assertWaits("has not been received yet, or is not on this node");
        volume(NAME, "another-claim", NAME);
        gateway.settle();
        assertWaits("is not bound to persistentvolumeclaim \"data\"");
        assertThat(folder()).doesNotExist();
        volume(NAME, UID, NAME);
        gateway.settle();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
    }

    private void assertWaits(String why) {
        assertThat(gateway.status("a").text("phase")).isEqualTo("Pending");
        assertThat(gateway.outbox.events())
                .anySatisfy(event -> assertThat(event.message()).contains(why));
        assertThat(gateway.engine.snapshot())
                .allSatisfy(pod -> assertThat(pod.containers()).isEmpty());
    }

    @Test
    void aFolderGoesWithItsVolumeAndNoOther() throws Exception {
        claim(UID, NAME);
        KubeObject volume = volume(NAME, UID, NAME);
        run("a");
        Files.writeString(folder().resolve("file"), "x");
        Path precious = Files.createDirectory(temp.resolve("precious"));
        Files.writeString(precious.resolve("file"), "x");
        Files.createSymbolicLink(folder().resolve("link"), precious);
        Path other = Files.createDirectory(temp.resolve("volumes").resolve("pvc-" + "1".repeat(8)));
        end("a");
        going(volume);
        gateway.settle();
        assertThat(folder()).doesNotExist();
        assertThat(isConfirmed()).isTrue();
        assertThat(other).exists();
        assertThat(precious.resolve("file")).exists();
        // What the connector has not heard is said again, and does no harm.
        gateway.boot();
        gateway.settle();
        assertThat(other).exists();
    }

    @Test
    void aFolderInUseWaitsForThePodAlsoForOneThatTheConnectorForgot() throws Exception {
        claim(UID, NAME);
        KubeObject volume = volume(NAME, UID, NAME);
        run("a");
        gateway.boot();
        going(volume);
        gateway.settle();
        assertThat(folder()).exists();
        assertThat(isConfirmed()).isFalse();
        gateway.drop("a");
        gateway.settle();
        for (int i = 0; i < 20 && !isConfirmed(); i++) {
            gateway.advance(Duration.ofSeconds(3));
        }
        assertThat(gateway.engine.snapshot()).isEmpty();
        assertThat(folder()).doesNotExist();
        assertThat(isConfirmed()).isTrue();
    }

    @Test
    void aProtectedARetainedAndAnUnknownVolumeKeepTheirFolders() throws Exception {
        claim(UID, NAME);
        KubeObject volume = volume(NAME, UID, NAME);
        run("a");
        end("a");
        going(
                volume.withMetadata(
                        "finalizers", JsonArray.ofStrings(List.of("kubernetes.io/pv-protection"))));
        gateway.settle();
        assertThat(folder()).exists();
        going(volume.withSpec(volume.spec().with("persistentVolumeReclaimPolicy", "Retain")));
        gateway.settle();
        assertThat(folder()).exists();
        gateway.state.put(
                ResourceType.PERSISTENT_VOLUMES,
                volume.withMetadata("deletionTimestamp", Json.of("2026-11-24T00:00:30Z"))
                        .withStatus(JsonObject.of("phase", "Bound")));
        gateway.settle();
        assertThat(folder()).as("a claim has it still").exists();
        gateway.state.remove(ResourceType.PERSISTENT_VOLUMES.key("", NAME));
        gateway.boot();
        gateway.settle();
        gateway.sweep();
        assertThat(folder()).exists();
        assertThat(isConfirmed()).isFalse();
    }

    @Test
    void whatARemovalThatWasCutOffLeftIsRemoved() throws Exception {
        claim(UID, NAME);
        KubeObject volume = volume(NAME, UID, NAME);
        run("a");
        end("a");
        // The agent died after the rename, in the middle of the emptying.
        Path half = temp.resolve("volumes").resolve(".going-" + NAME);
        Files.move(folder(), half);
        Files.writeString(half.resolve("rest"), "x");
        going(volume);
        gateway.boot();
        gateway.settle();
        assertThat(half).doesNotExist();
        assertThat(isConfirmed()).isTrue();
    }

    @Test
    void aFolderThatVanishedIsNotTakenForANewOne() throws Exception {
        Path disk = Files.createDirectory(temp.resolve("disk"));
        claim(UID, NAME);
        volume(NAME, UID, disk.resolve(NAME).toString());
        run("a");
        assertThat(disk.resolve(NAME)).isDirectory();
        end("a");
        Files.delete(disk.resolve(NAME)); // as when the disk is not mounted
        gateway.boot();
        gateway.ask("b", POD);
        gateway.settle();
        assertThat(gateway.status("b").text("phase")).isEqualTo("Pending");
        assertThat(disk.resolve(NAME)).doesNotExist();
        assertThat(gateway.outbox.events())
                .anySatisfy(event -> assertThat(event.message()).contains("is its disk mounted?"));
        Files.createDirectory(disk.resolve(NAME));
        gateway.advance(Duration.ofMinutes(10));
        assertThat(gateway.status("b").text("phase")).isEqualTo("Running");
    }

    @Test
    void onlyTheFolderOfItsOwnNameIsEverRemoved() {
        for (String path : List.of("pvc-other", "../" + NAME, "/", "/srv/" + NAME + "/x", "")) {
            KubeObject odd = volume(NAME, UID, path);
            assertThat(LocalVolumes.isRemovedByGateway(odd)).as(path).isFalse();
        }
        assertThat(LocalVolumes.isRemovedByGateway(volume("home", UID, "/home"))).isFalse();
        assertThat(LocalVolumes.isRemovedByGateway(volume(NAME, UID, "/srv/" + NAME))).isTrue();
    }

    @Test
    void staticVolumesAreMountedAsTheyAre() throws Exception {
        Path disk = Files.createDirectory(temp.resolve("disk"));
        claim(UID, "disk");
        KubeObject volume = volume("disk", UID, disk.toString());
        run("a");
        assertThat(mounts("a")).containsExactly(disk + " false");
        end("a");
        gateway.ask("b", POD.replace("\"data\"}", "\"data\", \"readOnly\": true}"));
        gateway.settle();
        assertThat(mounts("b")).containsExactly(disk + " true");
        end("b");
        going(volume);
        gateway.settle();
        assertThat(disk).exists();
    }

    private List<String> mounts(String pod) {
        return gateway.engine.requests().stream()
                .filter(request -> request.podName().equals(pod))
                .flatMap(request -> request.mounts().stream())
                .map(mount -> mount.source() + " " + mount.readOnly())
                .toList();
    }

    @Test
    void theAgentMayDieBetweenTheFolderAndItsRecord() {
        claim(UID, NAME);
        volume(NAME, UID, NAME);
        gateway.records.beforeWrite(
                () -> {
                    if (Files.exists(folder())) {
                        throw new AssertionError("died");
                    }
                });
        gateway.ask("a", POD);
        assertThatThrownBy(gateway::settle).hasMessage("died");
        assertThat(folder()).isDirectory();
        gateway.records.beforeWrite(() -> {});
        gateway.boot();
        gateway.settle();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
    }
}
