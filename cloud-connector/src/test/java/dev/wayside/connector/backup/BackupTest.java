// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.pki.JoinToken;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.DataFolder;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.EncryptionKeys;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreCopy;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
    private static final WriteOptions WRITER = WriteOptions.by("test");
    private static final String WORD = "the-word-that-nobody-may-read";
    private static final List<String> PKI =
            List.of(
                    "ca.key",
                    "ca.crt",
                    "service-account.key",
                    "service-account-until-4102444800.key");

    @TempDir Path dir;
    private final ManualClock clock = new ManualClock(Instant.parse("2026-05-01T10:00:00Z"));
    private Path data;
    private Path file;
    private EncryptionKeys keys;

    @BeforeEach
    void makeADataFolderAndItsBackup() throws Exception {
        data = dir.resolve("data");
        file = dir.resolve("backup");
        keys = EncryptionKeys.in(dir.resolve("keys")).keys(false);
        Files.createDirectories(data.resolve("pki"));
        for (String name : PKI) {
            Files.writeString(data.resolve("pki").resolve(name), "old " + name + WORD);
        }
        try (EmbeddedObjectStore store = open()) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                    WRITER);
            map(store, "shared", "then");
            map(store, "removed-since", "then");
            store.create(
                    ResourceType.SECRETS,
                    KubeObject.of(ResourceType.SECRETS, "default", "s")
                            .with("stringData", JsonObject.of("word", WORD)),
                    WRITER);
            store.create(
                    ResourceType.LEASES,
                    KubeObject.of(ResourceType.LEASES, "default", "l"),
                    WRITER);
            backUp(store);
            map(store, "made-since", "now");
        }
        for (String name : PKI) {
            Files.writeString(data.resolve("pki").resolve(name), "new " + name);
        }
    }

    private EmbeddedObjectStore open() throws IOException {
        return EmbeddedObjectStore.open(
                data.resolve("store"),
                new BuiltInKinds(),
                StoreSettings.DEFAULT,
                needed -> keys,
                clock);
    }

    private static void map(EmbeddedObjectStore store, String name, String value) {
        store.create(
                ResourceType.CONFIG_MAPS,
                KubeObject.of(ResourceType.CONFIG_MAPS, "default", name)
                        .with("data", JsonObject.of("value", value)),
                WRITER);
    }

    private static byte[] stream(EmbeddedObjectStore store, Instant now) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StoreCopy copy = store.copy();
        BackupWriter writer =
                new BackupWriter(
                        out,
                        new BackupFormat.Header("c-1", copy.revision(), now, copy.encryptedWith()));
        while (copy.entries().hasNext()) {
            writer.object(copy.entries().next());
        }
        writer.end();
        return out.toByteArray();
    }

    private Backup.Summary backUp(EmbeddedObjectStore store) throws IOException {
        return new Backup(file)
                .write(
                        new ByteArrayInputStream(stream(store, clock.instant())),
                        data.resolve("pki"),
                        keys,
                        true);
    }

    private Backup.Summary restore() throws IOException {
        clock.advance(Duration.ofMinutes(1));
        return new Backup(file).restore(data, keys, clock);
    }

    private List<String> maps() throws IOException {
        try (EmbeddedObjectStore store = open()) {
            return maps(store);
        }
    }

    private static List<String> maps(EmbeddedObjectStore store) {
        return store.list(ListQuery.all(ResourceType.CONFIG_MAPS)).items().stream()
                .filter(map -> map.namespace().equals("default"))
                .map(KubeObject::name)
                .toList();
    }

    private String pki() throws IOException {
        List<String> words = new ArrayList<>();
        for (String name : PKI) {
            words.add(Files.readString(data.resolve("pki").resolve(name)).substring(0, 3));
        }
        return String.join(" ", words);
    }

    @Test
    void bringsBackWhatThereWasAndPutsAsideWhatThereIs() throws Exception {
        Backup.Summary summary = restore();
        assertThat(summary.cluster()).isEqualTo("c-1");
        assertThat(pki()).isEqualTo("old old old old");
        try (EmbeddedObjectStore store = open()) {
            assertThat(maps(store)).containsExactly("removed-since", "shared");
            assertThat(
                            store.get(ResourceType.SECRETS.key("default", "s"))
                                    .orElseThrow()
                                    .json()
                                    .toJson())
                    .contains(
                            java.util.Base64.getEncoder()
                                    .encodeToString(WORD.getBytes(StandardCharsets.UTF_8)));
            assertThat(store.get(ResourceType.LEASES.key("default", "l"))).isPresent();
        }
        assertThat(data.resolve("restore")).doesNotExist();
        Path aside = data.resolve("before-restore-20260501T100100Z");
        assertThat(aside.resolve("pki/ca.key")).hasContent("new ca.key");
        data = aside;
        assertThat(maps()).containsExactly("made-since", "removed-since", "shared");
    }

    @Test
    void givesAwayNeitherSecretsNorKeysWithoutTheKeyFile() throws Exception {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                .startsWith("wayside-backup 1\n")
                .contains("removed-since")
                .doesNotContain(WORD);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        keys = EncryptionKeys.in(dir.resolve("other-keys")).keys(false);
        assertThatThrownBy(this::restore)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("it is encrypted with the key")
                .hasMessageContaining("--encryption-key-file");
    }

    @Test
    void watchersOfTheLostTimeAreToldToListAnewAndNeverSeeARevisionTwice() throws Exception {
        String lost;
        try (EmbeddedObjectStore store = open()) {
            for (int i = 0; i < 200; i++) {
                map(store, "lost-" + i, "now");
            }
            TestingStore.node(store, "lost");
            lost = store.list(ListQuery.all(ResourceType.NODES)).resourceVersion();
        }
        restore();
        String later;
        try (EmbeddedObjectStore store = open()) {
            // Also of kinds that the backup has nothing of.
            for (ResourceType type :
                    List.of(
                            ResourceType.CONFIG_MAPS,
                            ResourceType.NODES,
                            ResourceType.PODS,
                            ResourceType.LEASES)) {
                isExpired(store, type, lost);
                isExpired(store, type, "2");
            }
            map(store, "fresh", "now");
            later = store.list(ListQuery.all(ResourceType.NODES)).resourceVersion();
            assertThat(Long.parseLong(later)).isGreaterThan(Long.parseLong(lost));
        }
        try (EmbeddedObjectStore store = open()) {
            isExpired(store, ResourceType.PODS, lost);
        }
        // A second time from the same file: the first restored store's time is lost as well.
        restore();
        try (EmbeddedObjectStore store = open()) {
            isExpired(store, ResourceType.CONFIG_MAPS, later);
            isExpired(store, ResourceType.PODS, later);
        }
    }

    private static void isExpired(EmbeddedObjectStore store, ResourceType type, String revision) {
        assertThatThrownBy(
                        () ->
                                store.watch(
                                        new WatchQuery(
                                                type,
                                                "",
                                                LabelSelector.EVERYTHING,
                                                FieldSelector.EVERYTHING,
                                                revision,
                                                false,
                                                true),
                                        new WatchListener() {
                                            @Override
                                            public void onEvent(
                                                    dev.wayside.connector.store.ObjectStore.Event
                                                            event) {}

                                            @Override
                                            public void onEnd(ApiException reason) {}
                                        }))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(ApiException.Reason.EXPIRED));
    }

    @Test
    void aKillAtAnyStepLeavesTheOldOrTheNewAndNothingInBetween() throws Exception {
        List<String> steps = new ArrayList<>();
        Path original = dir.resolve("original");
        copy(data, original);
        clock.advance(Duration.ofMinutes(1));
        new Backup(file).restore(data, keys, clock, steps::add);
        assertThat(steps)
                .containsExactly(
                        "begun",
                        "made",
                        "committed",
                        "store aside",
                        "store in place",
                        "pki aside",
                        "pki in place",
                        "settled");
        for (String last : steps) {
            data = dir.resolve("killed-" + last.replace(' ', '-'));
            copy(original, data);
            assertThatThrownBy(
                            () ->
                                    new Backup(file)
                                            .restore(
                                                    data,
                                                    keys,
                                                    clock,
                                                    step -> {
                                                        if (step.equals(last)) {
                                                            throw new IOException("killed");
                                                        }
                                                    }))
                    .hasMessageContaining("killed");
            Restoration.settle(data); // as the connector does when it starts
            boolean isNew = steps.indexOf(last) >= steps.indexOf("committed");
            assertThat(maps())
                    .as("after " + last)
                    .isEqualTo(
                            isNew
                                    ? List.of("removed-since", "shared")
                                    : List.of("made-since", "removed-since", "shared"));
            assertThat(pki())
                    .as("after " + last)
                    .isEqualTo(isNew ? "old old old old" : "new new new new");
            assertThat(data.resolve("restore")).doesNotExist();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each)));
            }
        }
    }

    @Test
    void aDamagedOrForeignFileChangesNothing() throws Exception {
        byte[] good = Files.readAllBytes(file);
        for (int at = 0; at < good.length; at += 97) {
            byte[] bad = good.clone();
            bad[at] ^= 0x20;
            Files.write(file, bad);
            assertThatThrownBy(this::restore).as("byte " + at).isInstanceOf(IOException.class);
        }
        for (int length : new int[] {0, 5, 40, good.length / 2, good.length - 1}) {
            Files.write(file, java.util.Arrays.copyOf(good, length));
            assertThatThrownBy(this::restore).as(length + " bytes").isInstanceOf(IOException.class);
        }
        Files.write(file, java.util.Arrays.copyOf(good, good.length + 1));
        assertThatThrownBy(this::restore).hasMessageContaining("cut off or damaged");
        Files.writeString(file, "wayside-backup 2\n");
        assertThatThrownBy(this::restore).hasMessageContaining("use the version that made it");
        Files.delete(file);
        assertThatThrownBy(this::restore).hasMessageContaining("there is no file");
        assertThat(maps()).containsExactly("made-since", "removed-since", "shared");
        assertThat(pki()).isEqualTo("new new new new");
    }

    @Test
    void aJoinTokenDoesNotBecomeGoodAgain() throws Exception {
        JoinToken.Fresh token =
                JoinToken.create(
                        "", Map.of(), JsonArray.EMPTY, clock.instant().plus(Duration.ofDays(1)));
        try (EmbeddedObjectStore store = open()) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "kube-system"),
                    WRITER);
            store.create(ResourceType.SECRETS, token.record().toSecret(), WRITER);
            backUp(store);
        }
        restore();
        try (EmbeddedObjectStore store = open()) {
            assertThat(store.list(ListQuery.all(ResourceType.SECRETS)).items())
                    .extracting(KubeObject::name)
                    .containsExactly("s");
        }
    }

    @Test
    void refusesAFolderInUseAndAClockThatIsBehind() throws Exception {
        try (DataFolder held = DataFolder.lock(data)) {
            assertThat(held).isNotNull();
            assertThatThrownBy(this::restore)
                    .hasMessageContaining(data.toString())
                    .hasMessageContaining("in use");
        }
        ManualClock behind = new ManualClock(Instant.parse("2026-05-01T09:00:00Z"));
        assertThatThrownBy(() -> new Backup(file).restore(data, keys, behind))
                .hasMessageContaining("set the clock");
        assertThat(maps()).contains("made-since");
    }

    @Test
    void aBackupThatCannotBeMadeLeavesNothing() throws Exception {
        byte[] whole;
        try (EmbeddedObjectStore store = open()) {
            whole = stream(store, clock.instant());
        }
        Path other = dir.resolve("other-backup");
        Backup backup = new Backup(other);
        byte[] cut = java.util.Arrays.copyOf(whole, whole.length - 40);
        assertThatThrownBy(
                        () ->
                                backup.write(
                                        new ByteArrayInputStream(cut),
                                        data.resolve("pki"),
                                        keys,
                                        false))
                .hasMessageContaining("no backup was made");
        assertThat(other).doesNotExist();
        assertThat(dir.resolve("other-backup.part")).doesNotExist();
        backup.write(new ByteArrayInputStream(whole), data.resolve("pki"), keys, false);
        assertThatThrownBy(
                        () ->
                                backup.write(
                                        new ByteArrayInputStream(whole),
                                        data.resolve("pki"),
                                        keys,
                                        false))
                .hasMessageContaining("--force");
        assertThat(backup.check(keys).objects()).isPositive();
    }
}
