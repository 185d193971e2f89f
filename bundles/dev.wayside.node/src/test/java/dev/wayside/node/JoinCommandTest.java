// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.wire.CaPin;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JoinCommandTest {
    private static final String HASH = "sha256:" + "0".repeat(64);

    @TempDir Path temporary;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String input = "";

    @Test
    void joinsWithATokenFromStandardInput() throws Exception {
        try (JoinServer server = new JoinServer(temporary)) {
            input = JoinServer.TOKEN + "\n";

            assertThat(
                            run(
                                    server.uri().toString(),
                                    "--token-file",
                                    "-",
                                    "--ca-hash",
                                    CaPin.of(server.authority.certificate).toString(),
                                    "--name",
                                    "GW-1"))
                    .as(err.toString(UTF_8))
                    .isZero();
        }
        assertThat(out.toString(UTF_8)).contains("gw-1", TestAuthority.UID);
        assertNothingSecretIsSaid();
    }

    @Test
    void endsWith77IfItIsRefusedAnd69IfItMayBeTriedAgain() throws Exception {
        String uri;
        String pin;
        try (JoinServer server = new JoinServer(temporary)) {
            uri = server.uri().toString();
            pin = CaPin.of(server.authority.certificate).toString();
            assertThat(run(uri, "--token", "abcd.efgh", "--ca-hash", pin, "--name", "gw-1"))
                    .isEqualTo(77);
            assertThat(err.toString(UTF_8)).contains("401").doesNotContain("efgh");
        }
        assertThat(run(uri, "--token", JoinServer.TOKEN, "--ca-hash", pin, "--name", "gw-1"))
                .isEqualTo(69);
        assertThat(err.toString(UTF_8)).contains("try again");
        assertNothingSecretIsSaid();
    }

    @Test
    void endsALeaveThatWasCutShortInsteadOfLeavingAgainAtTheNextStart() throws Exception {
        Path data = Files.createDirectories(temporary.resolve("data"));
        Files.writeString(data.resolve(Leaving.MARKER), "");
        Files.createDirectories(data.resolve("identity.leaving"));
        Files.writeString(data.resolve("identity.leaving/key.pem"), "old");
        try (JoinServer server = new JoinServer(temporary)) {
            assertThat(
                            run(
                                    server.uri().toString(),
                                    "--token",
                                    JoinServer.TOKEN,
                                    "--ca-hash",
                                    CaPin.of(server.authority.certificate).toString(),
                                    "--name",
                                    "gw-1"))
                    .isZero();
        }
        assertThat(data.resolve(Leaving.MARKER)).doesNotExist();
        assertThat(data.resolve("identity.leaving")).doesNotExist();
        assertThat(data.resolve("identity/identity.json")).exists();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "under_score",
                "-dash",
                "a..b",
                "a/b",
                "spa ce",
                // A node's name is also its label kubernetes.io/hostname.
                "a123456789b123456789c123456789d123456789e123456789f123456789g123"
            })
    void refusesABadName(String name) throws Exception {
        assertThat(run("https://h", "--token", "a.b", "--ca-hash", HASH, "--name", name))
                .isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("no name for a Node").contains("usage:");
        assertThat(temporary.resolve("data")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://h:8443",
                "h:8443",
                "https://",
                "https:// h",
                "https://user:word@h:8443",
                "https://h:8443/path",
                "https://h:8443?q=1",
                "https://h:99999"
            })
    void refusesABadConnector(String connector) throws Exception {
        assertThat(run(connector, "--token", "a.b", "--ca-hash", HASH, "--name", "gw-1"))
                .isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("--connector");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "secretword", ".secretword", "secretword.", "secret.wo rd"})
    void refusesABadTokenWithoutShowingIt(String token) throws Exception {
        input = token;
        assertThat(run("https://h", "--token-file", "-", "--ca-hash", HASH, "--name", "gw-1"))
                .isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("ID.SECRET").doesNotContain("secretword");
    }

    @Test
    void showsNoTokenThatStandsWhereItShouldNot() throws Exception {
        assertThat(run("https://h", "--token=abcd.secretword", "--ca-hash", HASH)).isEqualTo(64);
        assertThat(run("https://h", "abcd.secretword")).isEqualTo(64);
        assertThat(run("https://h", "--ca-hash", HASH, "abcd.secretword", "x")).isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("--token").doesNotContain("secretword");
    }

    @Test
    void wantsOneTokenAndAPin() throws Exception {
        assertThat(run("https://h", "--ca-hash", HASH)).isEqualTo(64);
        assertThat(run("https://h", "--token", "a.b", "--token-file", "-", "--ca-hash", HASH))
                .isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("one of --token and --token-file");
        assertThat(run("https://h", "--token", "a.b")).isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("--ca-hash is needed");
        assertThat(run("https://h", "--token", "a.b", "--ca-hash", "sha256:12")).isEqualTo(64);
    }

    private int run(String connector, String... more) throws Exception {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                "--data",
                                temporary.resolve("data").toString(),
                                "--connector",
                                connector));
        all.addAll(List.of(more));
        return JoinCommand.run(
                all,
                new ByteArrayInputStream(input.getBytes(UTF_8)),
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8));
    }

    private void assertNothingSecretIsSaid() {
        assertThat(out.toString(UTF_8) + err.toString(UTF_8))
                .doesNotContain(JoinServer.TOKEN.substring(5), "PRIVATE KEY");
    }
}
