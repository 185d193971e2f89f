// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeDesiredState;
import dev.wayside.testing.FakeLocalRecords;
import dev.wayside.workload.VolumeWant.FileContent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What volumes should hold, and that they do. */
final class VolumesTest {
    @TempDir Path temp;

    private final FakeDesiredState state = new FakeDesiredState();

    private Map<String, VolumeWant> wants(String volume) throws InputException {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", "web")
                        .withMetadata("uid", Json.of("u-1"))
                        .withLabels(Map.of("app", "a \"b\"", "tier", "c"))
                        .withSpec(
                                TestGateway.parse(
                                        """
                                        {"volumes": [%s]}\
                                        """
                                                .formatted(volume)));
        return VolumeWants.of(new PodFields(pod, "n", "", ""), Inputs.of(pod, state));
    }

    private VolumeStore store() {
        Path pods = temp.resolve("pods");
        return new VolumeStore(
                pods, new ClaimedFolders(pods, temp.resolve("volumes"), new FakeLocalRecords()));
    }

    private Map<String, FileContent> files(String volume) throws InputException {
        return ((VolumeWant.Files) wants(volume).values().iterator().next()).files();
    }

    private void configMap(String data) {
        state.put(
                ResourceType.CONFIG_MAPS,
                new KubeObject(
                        KubeObject.of(ResourceType.CONFIG_MAPS, "default", "cfg").json().toBuilder()
                                .putAll(TestGateway.parse(data))
                                .build()));
    }

    private static FileContent file(String text, int mode) {
        return new FileContent(text.getBytes(StandardCharsets.UTF_8), mode);
    }

    @Test
    void showsAllKeysOrTheItemsAlone() throws Exception {
        configMap(
                """
                {"data": {"a": "1", "b": "2"}, "binaryData": {"c": "AAE="}}\
                """);
        assertThat(
                        files(
                                """
                                {"name": "v", "configMap": {"name": "cfg", "defaultMode": 384}}\
                                """))
                .containsOnlyKeys("a", "b", "c")
                .containsEntry("a", file("1", 0600))
                .containsEntry("c", new FileContent(new byte[] {0, 1}, 0600));
        assertThat(
                        files(
                                """
                                {"name": "v", "configMap": {"name": "cfg",
                                  "items": [{"key": "b", "path": "sub/x", "mode": 4095}]}}\
                                """))
                .containsOnlyKeys("sub/x")
                .containsEntry("sub/x", file("2", 0777));
    }

    @Test
    void anAbsentSourceIsNamedUnlessItIsOptional() throws Exception {
        assertThatThrownBy(
                        () ->
                                wants(
                                        """
                                        {"name": "v", "secret": {"secretName": "s"}}\
                                        """))
                .hasMessage("MountVolume.SetUp failed for volume \"v\" : secret \"s\" not found");
        assertThat(
                        files(
                                """
                                {"name": "v", "secret": {"secretName": "s", "optional": true}}\
                                """))
                .isEmpty();
        configMap("{}");
        assertThatThrownBy(
                        () ->
                                wants(
                                        """
                                        {"name": "v", "configMap": {"name": "cfg", "items": [{"key": "k", "path": "p"}]}}\
                                        """))
                .hasMessageContaining("references non-existent key \"k\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "/etc/x", "a/../../x", "..data", "a//b", "", ".", "a/."})
    void aPathThatLeadsElsewhereIsRefused(String path) {
        configMap(
                """
                {"data": {"a": "1"}}\
                """);
        assertThatThrownBy(
                        () ->
                                wants(
                                        """
                                        {"name": "v", "configMap": {"name": "cfg", "items": [{"key": "a", "path": "%s"}]}}\
                                        """
                                                .formatted(path)))
                .isInstanceOf(InputException.class);
    }

    @Test
    void aKeyThatLeadsElsewhereIsRefused() {
        configMap(
                """
                {"data": {"../../x": "1"}}\
                """);
        assertThatThrownBy(
                        () ->
                                wants(
                                        """
                                        {"name": "v", "configMap": {"name": "cfg"}}\
                                        """))
                .isInstanceOf(InputException.class);
        assertThatThrownBy(
                        () ->
                                wants(
                                        """
                                        {"name": "v", "hostPath": {"path": "/srv/../etc"}}\
                                        """))
                .isInstanceOf(InputException.class);
        assertThatThrownBy(() -> VolumeStore.folder(temp, "../u", "v"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void projectsSeveralSourcesIntoOneFolder() throws Exception {
        configMap(
                """
                {"data": {"a": "1"}}\
                """);
        assertThat(
                        files(
                                """
                                {"name": "v", "projected": {"sources": [
                                  {"configMap": {"name": "cfg"}},
                                  {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}}\
                                """))
                .containsOnlyKeys("a", "labels")
                .containsEntry("labels", file("app=\"a \\\"b\\\"\"\ntier=\"c\"", 0644));
    }

    @Test
    void filesChangeAllAtOnce() throws Exception {
        Path folder = temp.resolve("v");
        AtomicFolder.write(folder, Map.of("a", file("1", 0644), "sub/b", file("2", 0400)));
        Path before = folder.resolve("..data").toRealPath();
        assertThat(folder.resolve("a")).hasContent("1");
        assertThat(Files.readSymbolicLink(folder.resolve("a"))).hasToString("..data/a");
        assertThat(Files.getPosixFilePermissions(folder.resolve("sub/b"))).hasSize(1);

        AtomicFolder.write(folder, Map.of("a", file("1", 0644), "sub/b", file("2", 0400)));
        assertThat(folder.resolve("..data").toRealPath()).isEqualTo(before);

        AtomicFolder.write(folder, Map.of("a", file("3", 0644)));
        assertThat(folder.resolve("a")).hasContent("3");
        assertThat(Files.exists(folder.resolve("sub"))).isFalse();
        assertThat(before).doesNotExist();
        assertThat(AtomicFolder.holds(folder, Map.of("a", file("3", 0644)))).isTrue();
        assertThat(AtomicFolder.holds(folder, Map.of("a", file("3", 0600)))).isFalse();
    }

    @Test
    void whatACrashLeftBehindIsMadeGood() throws Exception {
        Path folder = temp.resolve("v");
        AtomicFolder.write(folder, Map.of("a", file("1", 0644)));
        Files.createDirectory(folder.resolve("..7"));
        Files.writeString(folder.resolve("..7/torn"), "x");
        Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..7"));
        Files.writeString(folder.resolve("..data/a"), "torn");
        assertThat(AtomicFolder.holds(folder, Map.of("a", file("1", 0644)))).isFalse();
        AtomicFolder.write(folder, Map.of("a", file("1", 0644)));

        assertThat(folder.resolve("a")).hasContent("1");
        try (Stream<Path> entries = Files.list(folder)) {
            assertThat(entries).hasSize(3);
        }
    }

    @Test
    void removingAPodFollowsNoLinks() throws Exception {
        VolumeStore store = store();
        Path precious = Files.writeString(temp.resolve("precious"), "x");
        store.prepare("u-1", Map.of("v", new VolumeWant.EmptyFolder()));
        Path folder = VolumeStore.folder(temp.resolve("pods"), "u-1", "v");
        Files.createSymbolicLink(folder.resolve("link"), precious);
        Files.createSymbolicLink(folder.resolve("all"), temp);
        assertThat(Files.getPosixFilePermissions(temp.resolve("pods")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        store.remove("u-1");

        assertThat(store.exists("u-1")).isFalse();
        assertThat(precious).exists();
        store.remove("u-1");
    }

    @Test
    void hostPathsAreMadeOnlyWhereThatWasAskedFor() throws Exception {
        VolumeStore store = store();
        Path made = temp.resolve("made");
        store.prepare(
                "u", Map.of("v", new VolumeWant.HostPath(made.toString(), "DirectoryOrCreate")));
        assertThat(made).isDirectory();
        var absent = new VolumeWant.HostPath(temp.resolve("no").toString(), "Directory");
        assertThat(store.current("u", Map.of("v", absent))).isFalse();
        assertThatThrownBy(() -> store.prepare("u", Map.of("v", absent)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not a Directory");
        var device = new VolumeWant.HostPath("/dev/null", "CharDevice");
        assertThat(store.current("u", Map.of("v", device))).isTrue();
        var noSocket = new VolumeWant.HostPath("/dev/null", "Socket");
        assertThat(store.current("u", Map.of("v", noSocket))).isFalse();
    }
}
