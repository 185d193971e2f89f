// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.backup.StoreDownload;
import dev.wayside.connector.pki.PodCidrs;
import dev.wayside.connector.schema.ServiceRange;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backup and restore as an operator does them, of a connector behind its port. */
class BackupCommandTest {
    private static final String MAPS = ResourceType.CONFIG_MAPS.path("default");

    @TempDir Path dir;
    private Path data;
    private Path file;
    private ConnectorServer server;

    @BeforeEach
    void start() throws Exception {
        data = dir.resolve("data");
        file = dir.resolve("backup");
        startServer();
    }

    private void startServer() throws Exception {
        ConnectorOptions options =
                new ConnectorOptions(
                        data,
                        "127.0.0.1",
                        0,
                        List.of(),
                        PodCidrs.parse("10.244.0.0/16"),
                        ServiceRange.DEFAULT,
                        Duration.ofDays(90),
                        Optional.empty(),
                        data.resolve("kubeconfig"),
                        ConnectorOptions.keyFileBeside(data));
        server = ConnectorServer.start(options, (store, clock) -> () -> {}, Clock.systemUTC());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private AdminClient admin() throws IOException {
        return new AdminClient(data.resolve("kubeconfig"));
    }

    private void create(String name) throws Exception {
        admin().send(
                        "POST",
                        MAPS,
                        KubeObject.of(ResourceType.CONFIG_MAPS, "default", name)
                                .with("data", JsonObject.of("x", "y".repeat(20_000)))
                                .json());
    }

    private String run(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--data", data.toString()));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int code =
                BackupCommand.run(
                        all, new PrintStream(out, true, StandardCharsets.UTF_8), Clock.systemUTC());
        assertThat(code).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void comesBackAsItWas() throws Exception {
        for (int i = 0; i < 100; i++) {
            create("kept-" + i); // more than the connection takes at once
        }
        String cluster =
                admin().send("GET", "/api/v1/namespaces/kube-system", null).text("metadata", "uid");
        byte[] authority = Files.readAllBytes(data.resolve("pki/ca.crt"));
        assertThat(run("backup", file.toString())).contains("backed up").contains(cluster);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThatThrownBy(() -> run("backup", file.toString())).hasMessageContaining("--force");
        create("lost");
        assertThatThrownBy(() -> run("restore", file.toString())).hasMessageContaining("in use");
        assertThat(run("restore", file.toString(), "--check")).contains("is good");
        server.close();

        // Another machine: nothing but the file and the keys.
        Files.move(data, dir.resolve("broken"));
        assertThat(run("restore", file.toString())).contains("restored").contains(cluster);
        startServer();
        JsonObject maps = admin().send("GET", MAPS, null);
        assertThat(maps.array("items").objects())
                .hasSize(100)
                .allMatch(map -> map.text("metadata", "name").startsWith("kept-"));
        assertThat(
                        admin().send("GET", "/api/v1/namespaces/kube-system", null)
                                .text("metadata", "uid"))
                .isEqualTo(cluster);
        assertThat(data.resolve("pki/ca.crt")).hasBinaryContent(authority);
    }

    @Test
    void isNoted() throws Exception {
        run("backup", file.toString());
        Eventually.see(
                "the audit line",
                Duration.ofSeconds(10),
                () -> Files.readString(data.resolve("log/audit.log")),
                log -> log.contains(StoreDownload.PATH));
    }

    @Test
    void neitherTheKeyFileNorTheBackupIsInTheDataFolderByItself() throws Exception {
        assertThat(dir.resolve("data-encryption.keys")).isRegularFile();
        assertThatThrownBy(
                        () ->
                                ConnectorOptions.parse(
                                        List.of(
                                                "--data",
                                                data.toString(),
                                                "--encryption-key-file",
                                                data.resolve("pki/keys").toString())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must not be in the data folder");
    }
}
