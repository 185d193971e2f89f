// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityFolderTest {
    private static final URI CONNECTOR = URI.create("https://localhost:8443");

    @TempDir Path temporary;

    private final Instant now = Instant.now();
    private Path folder;
    private TestAuthority authority;
    private KeyPair keys;
    private X509Certificate first;

    @BeforeEach
    void join() throws Exception {
        folder = temporary.resolve("identity");
        authority = new TestAuthority(temporary);
        IdentityFolder identity = identity();
        keys = identity.keyFor(JsonObject.of("name", "gw-1"));
        first = certificate(keys);
        identity.complete("gw-1", "uid-1", CONNECTOR, List.of(first), authority.certificate);
    }

    @Test
    void givesBackWhatWasJoined() throws Exception {
        GatewayIdentity read = identity().read().orElseThrow();

        assertThat(read)
                .isEqualTo(
                        new GatewayIdentity(
                                "gw-1",
                                "uid-1",
                                CONNECTOR,
                                keys.getPrivate(),
                                List.of(first),
                                authority.certificate));
        assertThat(new IdentityFolder(temporary.resolve("none"), new AtomicFiles()).read())
                .isEmpty();
    }

    @Test
    void hasTheOldOrTheNewCertificateAfterACutInARenewal() throws Exception {
        int step = 0;
        boolean cut = true;
        while (cut) {
            X509Certificate next = certificate(keys);
            X509Certificate before = identity().read().orElseThrow().certificates().get(0);
            int[] left = {step++};
            AtomicFiles cutting =
                    new AtomicFiles(
                            (change, path) -> {
                                if (left[0]-- <= 0) {
                                    throw new IOException("cut");
                                }
                            });
            cut = false;
            try {
                new IdentityFolder(folder, cutting).renew(List.of(next));
            } catch (IOException e) {
                cut = true;
            }
            GatewayIdentity read = identity().read().orElseThrow();
            assertThat(read.key()).isEqualTo(keys.getPrivate());
            assertThat(read.certificates().get(0)).isIn(before, next);
            if (!cut) {
                assertThat(read.certificates()).containsExactly(next);
            }
        }
        assertThat(step).isGreaterThanOrEqualTo(4);
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("certificate.pem"))))
                .isEqualTo("rw-------");
    }

    @Test
    void isNoIdentityIfAnythingOfItIsMissingOrSpoilt() throws Exception {
        for (String file : List.of("key.pem", "certificate.pem", "authority.pem")) {
            String whole = Files.readString(folder.resolve(file));
            for (String spoilt : List.of("", "?", whole.substring(0, whole.length() / 2))) {
                Files.writeString(folder.resolve(file), spoilt);
                assertThatThrownBy(() -> identity().read())
                        .isInstanceOf(IOException.class)
                        .hasMessageNotContaining(whole.substring(40, 60));
            }
            Files.delete(folder.resolve(file));
            assertThatThrownBy(() -> identity().read()).isInstanceOf(IOException.class);
            Files.writeString(folder.resolve(file), whole);
        }
        for (String spoilt :
                List.of(
                        "",
                        "[]",
                        "{}",
                        "{\"nodeName\":\"gw-1\"}",
                        "{\"nodeName\":\"gw-1\",\"gatewayUid\":\"u\",\"connector\":\"\"}",
                        "{\"nodeName\":\"gw-1\",\"gatewayUid\":\"\",\"connector\":\"https://h\"}")) {
            Files.writeString(folder.resolve("identity.json"), spoilt);
            assertThatThrownBy(() -> identity().read())
                    .as("identity.json: %s", spoilt)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void isNoIdentityIfTheKeyIsNotTheCertificates() throws Exception {
        Files.writeString(
                folder.resolve("key.pem"),
                dev.wayside.wire.Pem.privateKey(EcKeys.generate().getPrivate()));

        assertThatThrownBy(() -> identity().read())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("key");
    }

    @Test
    void erasesKeysOfJoiningAndOfALeaveThatWasCutShort() throws Exception {
        Files.createDirectories(temporary.resolve("identity.leaving"));
        Files.writeString(temporary.resolve("identity.leaving/key.pem"), "old");
        Files.createDirectories(temporary.resolve("identity.joining"));
        Files.writeString(temporary.resolve("identity.joining/key.pem"), "old");

        identity().erase();
        identity().erase();

        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(it -> it.getFileName().toString().startsWith("identity")))
                    .isEmpty();
        }
    }

    private IdentityFolder identity() {
        return new IdentityFolder(folder, new AtomicFiles());
    }

    private X509Certificate certificate(KeyPair of) throws Exception {
        return authority.sign(
                CertificateRequest.pem(of, "system:node:gw-1", "system:nodes"),
                now.minusSeconds(60),
                now.plusSeconds(3600));
    }
}
