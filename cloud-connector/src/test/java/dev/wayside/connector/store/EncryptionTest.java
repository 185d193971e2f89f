// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.FieldSelector;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EncryptionTest {
    private static final ResourceType SECRETS = ResourceType.SECRETS;
    private static final String WORD = "the-word-that-nobody-may-read";

    @TempDir Path dir;

    private Path keyFile() {
        return dir.resolve("keys");
    }

    private Path data() {
        return dir.resolve("store");
    }

    private EmbeddedObjectStore open(EncryptionKeys.Source keys) throws IOException {
        EmbeddedObjectStore store =
                EmbeddedObjectStore.open(
                        data(),
                        new TestKinds(),
                        StoreSettings.DEFAULT.withHistory(3, 1 << 20, 100),
                        keys,
                        Clock.systemUTC());
        if (store.get(ResourceType.NAMESPACES.key("", "default")).isEmpty()) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                    MemoryStore.TEST);
        }
        return store;
    }

    private EmbeddedObjectStore open() throws IOException {
        return open(EncryptionKeys.in(keyFile()));
    }

    private static void write(EmbeddedObjectStore store, String name, String word) {
        KubeObject secret =
                KubeObject.of(SECRETS, "default", name).with("data", JsonObject.of("word", word));
        if (store.get(secret.key(SECRETS)).isPresent()) {
            store.update(SECRETS, secret, "", MemoryStore.TEST);
        } else {
            store.create(SECRETS, secret, MemoryStore.TEST);
        }
    }

    private static String read(EmbeddedObjectStore store, String name) {
        return store.get(SECRETS.key("default", name)).orElseThrow().json().text("data", "word");
    }

    /** Whether the bytes are anywhere in the folder, in use or not. */
    private boolean onDisk(String word) throws IOException {
        try (var files = Files.walk(data())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                        .contains(word)) {
                    return true;
                }
            }
            return false;
        }
    }

    @Test
    void nothingOfASecretIsReadableOnDisk() throws Exception {
        try (EmbeddedObjectStore store = open()) {
            for (int i = 0; i < 30; i++) {
                write(store, "s" + i % 4, WORD + i);
            }
            store.delete(
                    SECRETS, SECRETS.key("default", "s3"), ObjectStore.DeleteOptions.BACKGROUND);
        }
        assertThat(onDisk(WORD)).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())))
                .isEqualTo("rw-------");
        try (EmbeddedObjectStore store = open()) {
            assertThat(read(store, "s1")).isEqualTo(WORD + 29);
            assertThat(store.get(SECRETS.key("default", "s3"))).isEmpty();
        }
    }

    @Test
    void aStoreFromBeforeIsEncryptedAtTheStartAndKeepsNoTraceInClear() throws Exception {
        String before;
        try (EmbeddedObjectStore store = open(EncryptionKeys.Source.NONE)) {
            write(store, "a", WORD);
            write(store, "b", WORD + 1);
            before = store.get(SECRETS.key("default", "a")).orElseThrow().resourceVersion();
        }
        assertThat(onDisk(WORD)).isTrue();
        try (EmbeddedObjectStore store = open()) {
            assertThat(onDisk(WORD)).isFalse();
            assertThat(read(store, "a")).isEqualTo(WORD);
            Recorder recorder = new Recorder();
            store.watch(
                            new ObjectStore.WatchQuery(
                                    SECRETS,
                                    "default",
                                    dev.wayside.model.LabelSelector.EVERYTHING,
                                    FieldSelector.EVERYTHING,
                                    before,
                                    false,
                                    true),
                            recorder)
                    .bookmark();
            assertThat(recorder.untilBookmark()).containsExactly("ADDED b");
        }
    }

    @Test
    void newKeysTakeOverAtTheStartAndOldOnesCanThenBeTakenOut() throws Exception {
        try (EmbeddedObjectStore store = open()) {
            write(store, "a", WORD);
        }
        List<String> old = Files.readAllLines(keyFile());
        String oldKey = old.get(old.size() - 1);
        EncryptionKeys.create(dir.resolve("other"));
        List<String> other = Files.readAllLines(dir.resolve("other"));
        String newKey = other.get(other.size() - 1);
        Files.write(keyFile(), List.of(newKey, oldKey));
        try (EmbeddedObjectStore store = open()) {
            assertThat(read(store, "a")).isEqualTo(WORD);
        }
        Files.write(keyFile(), List.of(newKey));
        try (EmbeddedObjectStore store = open()) {
            assertThat(read(store, "a")).isEqualTo(WORD);
        }
        Files.write(keyFile(), List.of(oldKey));
        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("encrypted with the key")
                .hasMessageContaining("--encryption-key-file");
    }

    @Test
    void withoutItsKeyAStoreDoesNotOpenAndNoNewKeyIsMade() throws Exception {
        try (EmbeddedObjectStore store = open()) {
            write(store, "a", WORD);
        }
        Files.move(keyFile(), dir.resolve("away"));
        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(keyFile() + " is not there");
        assertThat(keyFile()).doesNotExist();
        assertThatThrownBy(() -> open(EncryptionKeys.Source.NONE))
                .hasMessageContaining("the empty list of keys does not have it");
        Files.move(dir.resolve("away"), keyFile());
        try (EmbeddedObjectStore store = open()) {
            assertThat(read(store, "a")).isEqualTo(WORD);
        }
    }

    @Test
    void aKeyFileThatOthersCanReadOrThatHoldsNoKeyIsRefused() throws Exception {
        EncryptionKeys.create(keyFile());
        Files.setPosixFilePermissions(keyFile(), PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(this::open).hasMessageContaining("chmod 600 " + keyFile());
        Files.setPosixFilePermissions(keyFile(), PosixFilePermissions.fromString("rw-------"));
        Files.writeString(keyFile(), "c2hvcnQ=\n");
        assertThatThrownBy(this::open).hasMessageContaining("base64 of 32 bytes");
        Files.writeString(keyFile(), "# nothing\n");
        assertThatThrownBy(this::open).hasMessageContaining("has no key in it");
    }

    @Test
    void aValueIsGoodAtItsPlaceAlone() throws Exception {
        EncryptionKeys.create(keyFile());
        EncryptionKeys keys = EncryptionKeys.read(keyFile());
        byte[] word = WORD.getBytes(StandardCharsets.UTF_8);
        byte[] sealed = keys.seal("secrets a/b 7", word);
        assertThat(keys.open("secrets a/b 7", sealed)).isEqualTo(word);
        assertThat(keys.seal("secrets a/b 7", word)).isNotEqualTo(sealed);
        assertThatThrownBy(() -> keys.open("secrets a/c 7", sealed))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("belongs elsewhere");
        for (int i = 0; i < sealed.length; i++) {
            byte[] changed = sealed.clone();
            changed[i] ^= 4;
            if (i > 0) {
                assertThatThrownBy(() -> keys.open("secrets a/b 7", changed))
                        .isInstanceOf(IllegalStateException.class);
            }
        }
    }
}
