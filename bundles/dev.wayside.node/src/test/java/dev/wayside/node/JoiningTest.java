// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.wire.CaPin;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JoiningTest {
    @TempDir Path temporary;

    private Path data;
    private JoinServer server;

    @BeforeEach
    void start() throws Exception {
        data = temporary.resolve("data");
        server = new JoinServer(temporary);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void becomesAGatewayWithAKeyOfItsOwn() throws Exception {
        assertThat(join()).isEqualTo(TestAuthority.UID);

        GatewayIdentity identity = identity();
        assertThat(identity.nodeName()).isEqualTo("gw-1");
        assertThat(identity.gatewayUid()).isEqualTo(TestAuthority.UID);
        assertThat(identity.connector()).isEqualTo(server.uri());
        assertThat(identity.authority()).isEqualTo(server.authority.certificate);
        assertThat(identity.certificates().get(0).getSubjectX500Principal().getName())
                .isEqualTo("CN=system:node:gw-1,O=system:nodes");
        assertThat(server.asked)
                .as("the Node is asked for with the new certificate, not with the token")
                .last()
                .isEqualTo(
                        new JoinServer.Asked(
                                "GET",
                                "/api/v1/nodes/gw-1",
                                "",
                                "",
                                "CN=system:node:gw-1,O=system:nodes"));
    }

    @Test
    void keepsTheKeyToItselfAndFoldersToTheOwner() throws Exception {
        join();

        PrivateKey key = identity().key();
        String inPem = Base64.getEncoder().encodeToString(key.getEncoded());
        assertThat(server.asked)
                .allSatisfy(it -> assertThat(it.body()).doesNotContain(inPem.substring(40, 80)));
        assertThat(mode(data)).isEqualTo("rwx------");
        assertThat(mode(data.resolve("identity"))).isEqualTo("rwx------");
        try (Stream<Path> files = Files.list(data.resolve("identity"))) {
            assertThat(files)
                    .hasSize(4)
                    .allSatisfy(file -> assertThat(mode(file)).isEqualTo("rw-------"));
        }
        assertThat(options(server.uri(), JoinServer.TOKEN).toString())
                .doesNotContain("efghijklmnop");
        assertThat(identity().toString()).doesNotContain(inPem.substring(40, 80));
    }

    @Test
    void sendsNothingToAConnectorWithAnotherAuthority() throws Exception {
        CaPin wrong = CaPin.of(new TestAuthority(temporary).certificate);
        JoinOptions options = new JoinOptions(server.uri(), JoinServer.TOKEN, wrong, "gw-1", data);

        assertThatThrownBy(() -> joining(new AtomicFiles()).join(options))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CA hash does not match");

        assertThat(server.asked).isEmpty();
        assertThat(data.resolve("identity")).doesNotExist();
    }

    @Test
    void isRefusedWithATokenThatIsNotKnown() {
        assertThatThrownBy(() -> join(server.uri(), "abcd.wrong"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("401")
                .hasMessageContaining("said Unauthorized")
                .hasMessageNotContaining("wrong");
        assertThat(data.resolve("identity")).doesNotExist();
    }

    @Test
    void waitsUntilItsRequestIsApproved() throws Exception {
        server.pending.set(3);

        join();

        assertThat(server.asked.stream().filter(it -> it.method().equals("POST"))).hasSize(1);
        assertThat(identity().nodeName()).isEqualTo("gw-1");
    }

    @Test
    void leavesARequestThatNobodyApprovesForTheNextTry() throws Exception {
        server.pending.set(Integer.MAX_VALUE);
        assertThatThrownBy(
                        () ->
                                new Joining(
                                                folder(new AtomicFiles()),
                                                Instant::now,
                                                Duration.ofMillis(5),
                                                Duration.ofMillis(1))
                                        .join(options(server.uri(), JoinServer.TOKEN)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("waits for approval");

        server.pending.set(0);
        join();
        assertThat(server.requestCount()).isEqualTo(1);
    }

    @Test
    void isRefusedWhenItsRequestIsDeniedOrCannotBeCarriedOut() {
        for (String ending : List.of("Denied", "Failed")) {
            server.ending = ending;
            assertThatThrownBy(this::join)
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("not this one");
        }
    }

    @Test
    void isRefusedOnceItHasJoined() throws Exception {
        join();
        int before = server.asked.size();

        assertThatThrownBy(this::join)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("gateway leave");

        assertThat(server.asked).hasSize(before);
    }

    @Test
    void joinsAgainAfterAnAnswerWasLostAtAnyRequest() throws Exception {
        for (int at = 0; at < 4; at++) {
            stop();
            start();
            try (JoinServer one = server) {
                data = temporary.resolve("lost-" + at);
                one.loseAnswerAt = at;
                try {
                    join();
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining("503");
                }
                one.loseAnswerAt = -1;
                if (!folder(new AtomicFiles()).joined()) {
                    join();
                }
                assertThat(one.requestCount()).as("lost answer %d", at).isEqualTo(1);
                assertThat(identity().gatewayUid()).isEqualTo(TestAuthority.UID);
            }
        }
    }

    @Test
    void joinsWithItsOneTokenAfterAPowerCutAtAnyStep() throws Exception {
        int step = 0;
        boolean cut = true;
        while (cut) {
            stop();
            start();
            try (JoinServer one = server) {
                data = temporary.resolve("cut-" + step);
                cut = cutAt(step);
                if (cut && !folder(new AtomicFiles()).joined()) {
                    join();
                }
                assertThat(identity().gatewayUid()).as("cut at %d", step).isNotEmpty();
                assertThat(one.requestCount()).as("requests, cut at %d", step).isEqualTo(1);
                assertThat(data.resolve("identity.joining")).doesNotExist();
            }
            step++;
        }
        assertThat(step).as("steps that were cut").isGreaterThan(15);
    }

    @Test
    void syncsTheFolderThatHoldsTheKeyBeforeItUsesTheToken() throws Exception {
        List<String> changes = new ArrayList<>();
        joining(
                        new AtomicFiles(
                                (change, path) -> {
                                    if (server.asked.isEmpty()) {
                                        changes.add(change + " " + path.getFileName());
                                    }
                                }))
                .join(options(server.uri(), JoinServer.TOKEN));

        assertThat(changes)
                .containsSubsequence(
                        "make identity.joining",
                        "sync data",
                        "write key.pem.tmp",
                        "sync key.pem.tmp",
                        "rename key.pem",
                        "sync identity.joining",
                        "write request.json.tmp",
                        "sync request.json.tmp",
                        "rename request.json",
                        "sync identity.joining");
    }

    @Test
    void makesANewKeyForAnotherNameOrConnector() throws Exception {
        server.ending = "Denied";
        assertThatThrownBy(this::join).isInstanceOf(RefusedException.class);
        String first = Files.readString(data.resolve("identity.joining/key.pem"));
        assertThatThrownBy(this::join).isInstanceOf(RefusedException.class);
        assertThat(Files.readString(data.resolve("identity.joining/key.pem"))).isEqualTo(first);

        JoinOptions other =
                new JoinOptions(
                        server.uri(),
                        JoinServer.TOKEN,
                        CaPin.of(server.authority.certificate),
                        "gw-2",
                        data);
        assertThatThrownBy(() -> joining(new AtomicFiles()).join(other))
                .isInstanceOf(RefusedException.class);
        assertThat(Files.readString(data.resolve("identity.joining/key.pem"))).isNotEqualTo(first);
    }

    @Test
    void joinsWithANewTokenWhenTheOneOfTheFirstTryIsGone() throws Exception {
        server.failAt = 2;
        assertThatThrownBy(this::join).isInstanceOf(IOException.class);
        server.nodeOfToken.clear();
        server.nodeOfToken.put("ijkl.another", "");

        join(server.uri(), "ijkl.another");

        assertThat(identity().nodeName()).isEqualTo("gw-1");
    }

    @Test
    void doesNotJoinAsANodeWithoutUid() {
        server.node = json -> json.with("metadata", dev.wayside.model.JsonObject.EMPTY);
        assertThatThrownBy(this::join)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no UID");
        assertThat(data.resolve("identity")).doesNotExist();
    }

    private boolean cutAt(int step) throws Exception {
        int[] left = {step};
        AtomicFiles cut =
                new AtomicFiles(
                        (change, path) -> {
                            if (left[0]-- <= 0) {
                                throw new IOException("cut");
                            }
                        });
        try {
            joining(cut).join(options(server.uri(), JoinServer.TOKEN));
            return false;
        } catch (IOException e) {
            assertThat(e).hasMessage("cut");
            return true;
        }
    }

    private String join() throws Exception {
        return join(server.uri(), JoinServer.TOKEN);
    }

    private String join(URI connector, String token) throws Exception {
        return joining(new AtomicFiles()).join(options(connector, token));
    }

    private Joining joining(AtomicFiles files) throws IOException {
        return new Joining(
                folder(files), Instant::now, Duration.ofSeconds(20), Duration.ofMillis(1));
    }

    private IdentityFolder folder(AtomicFiles files) throws IOException {
        new AtomicFiles().makeFolder(data);
        return new IdentityFolder(data.resolve("identity"), files);
    }

    private JoinOptions options(URI connector, String token) {
        return new JoinOptions(
                connector, token, CaPin.of(server.authority.certificate), "gw-1", data);
    }

    private GatewayIdentity identity() throws IOException {
        return folder(new AtomicFiles()).read().orElseThrow();
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
