// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.pki.ClientRequest.RefusedException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PkiTest {
    @TempDir Path folder;

    private final ManualClock clock = new ManualClock();

    @Test
    void keepsItsAuthorityAndItsKeyToItself() throws Exception {
        CertificateAuthority first = CertificateAuthority.open(folder, clock);
        CertificateAuthority second = CertificateAuthority.open(folder, clock);

        assertThat(second.certificate()).isEqualTo(first.certificate());
        assertThat(mode(folder.resolve("ca.key"))).isEqualTo("rw-------");
        first.certificate().verify(first.certificate().getPublicKey());
        byte[] hash =
                java.security.MessageDigest.getInstance("SHA-256")
                        .digest(first.certificate().getPublicKey().getEncoded());
        assertThat(first.pin()).isEqualTo("sha256:" + HexFormat.of().formatHex(hash));
        assertThat(first.certificate().getBasicConstraints()).isZero();
    }

    @Test
    void refusesAnAuthorityWhoseFilesDoNotFit() throws IOException {
        CertificateAuthority.open(folder, clock);
        Path other = Files.createDirectory(folder.resolve("other"));
        CertificateAuthority.open(other, clock);
        Files.copy(
                other.resolve("ca.key"),
                folder.resolve("ca.key"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        assertThatThrownBy(() -> CertificateAuthority.open(folder, clock))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("restore ca.key and ca.crt");
    }

    @Test
    void beginsAnewWhenTheFirstStartWasCutOff() throws IOException {
        Files.writeString(folder.resolve("ca.key"), "half a ke");

        assertThat(CertificateAuthority.open(folder, clock).pin()).startsWith("sha256:");
    }

    @Test
    void renewsTheServersCertificateWhenDueOrRenamed() throws IOException {
        CertificateAuthority authority = CertificateAuthority.open(folder, clock);
        TlsIdentity first = server(authority, "a.example").get();
        assertThat(server(authority, "a.example").get().chain()).isEqualTo(first.chain());
        assertThat(mode(folder.resolve("server.key"))).isEqualTo("rw-------");

        ServerCertificate renamed = server(authority, "b.example");
        assertThat(renamed.get().chain()).isNotEqualTo(first.chain());

        TlsIdentity before = renamed.get();
        renamed.renewIfDue();
        assertThat(renamed.get()).isSameAs(before);
        clock.advance(Duration.ofDays(310));
        renamed.renewIfDue();
        assertThat(renamed.get().chain()).isNotEqualTo(before.chain());
    }

    private ServerCertificate server(CertificateAuthority authority, String name)
            throws IOException {
        return ServerCertificate.open(folder, authority, List.of(name, "10.1.2.3"), clock);
    }

    @Test
    void namesHostsAndAddressesInTheServersCertificate() throws Exception {
        CertificateAuthority authority = CertificateAuthority.open(folder, clock);
        X509Certificate certificate = server(authority, "a.example").get().chain().get(0);

        assertThat(certificate.getSubjectAlternativeNames())
                .extracting(name -> String.valueOf(name.get(1)))
                .containsExactlyInAnyOrder(
                        "localhost", "127.0.0.1", "0:0:0:0:0:0:0:1", "a.example", "10.1.2.3");
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    }

    @Test
    void writesAKubeconfigThatOnlyItsOwnerReads() throws IOException {
        CertificateAuthority authority = CertificateAuthority.open(folder, clock);
        Path file = folder.resolve("kubeconfig");
        URI server = URI.create("https://127.0.0.1:8443");

        Kubeconfig.ensure(file, authority, server, clock);

        Kubeconfig read = Kubeconfig.read(file);
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(read.server()).isEqualTo(server);
        assertThat(read.identity().chain().get(0).getSubjectX500Principal().getName())
                .isEqualTo("CN=admin,O=system:masters");
        byte[] before = Files.readAllBytes(file);
        Kubeconfig.ensure(file, authority, server, clock);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        Kubeconfig.ensure(file, authority, URI.create("https://127.0.0.1:1"), clock);
        assertThat(Kubeconfig.read(file).server().getPort()).isEqualTo(1);
    }

    @Test
    void readsTheRequestsThatGatewaysMake() throws Exception {
        KeyPair keys = EcKeys.generate();

        ClientRequest request =
                ClientRequest.read(
                        base64(CertificateRequest.pem(keys, "system:node:gw-1", "system:nodes")));

        assertThat(request.nodeName()).isEqualTo("gw-1");
        assertThat(request.key()).isEqualTo(keys.getPublic());
    }

    @Test
    void refusesEveryOtherSubjectForGateways() throws Exception {
        KeyPair keys = EcKeys.generate();
        for (String[] subject :
                List.of(
                        new String[] {"system:node:gw-1", "system:masters"},
                        new String[] {"system:node:gw-1", ""},
                        new String[] {"admin", "system:nodes"},
                        new String[] {"system:node:", "system:nodes"},
                        new String[] {"system:node:Gw_1", "system:nodes"},
                        new String[] {"system:node:a/../b", "system:nodes"})) {
            ClientRequest request =
                    ClientRequest.read(
                            base64(CertificateRequest.pem(keys, subject[0], subject[1])));
            assertThatThrownBy(request::nodeName).isInstanceOf(RefusedException.class);
        }
        for (String subject :
                List.of(
                        "O=system:nodes,O=system:masters,CN=system:node:gw-1",
                        "O=system:nodes,O=system:nodes,CN=system:node:gw-1")) {
            ClientRequest request = ClientRequest.read(signed(keys, subject, null));
            assertThatThrownBy(request::nodeName).isInstanceOf(RefusedException.class);
        }
        for (String subject :
                List.of(
                        "O=system:nodes,CN=system:node:gw-1,CN=system:node:gw-2",
                        "O=system:nodes+CN=system:node:gw-1",
                        "OU=x,O=system:nodes,CN=system:node:gw-1",
                        "O=system:nodes")) {
            assertThatThrownBy(() -> ClientRequest.read(signed(keys, subject, null)))
                    .isInstanceOf(RefusedException.class);
        }
    }

    @Test
    void refusesRequestsForExtensions() throws Exception {
        ExtensionsGenerator extensions = new ExtensionsGenerator();
        extensions.addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(GeneralName.dNSName, "connector.example")));

        assertThatThrownBy(
                        () ->
                                ClientRequest.read(
                                        signed(
                                                EcKeys.generate(),
                                                "O=system:nodes,CN=system:node:gw-1",
                                                extensions)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("extensions");
    }

    @Test
    void refusesOtherKeysAndWrongSignatures() throws Exception {
        KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);
        KeyPair keys = rsa.generateKeyPair();
        ClientRequest request =
                ClientRequest.read(
                        sign(
                                new JcaPKCS10CertificationRequestBuilder(
                                        new X500Name("O=system:nodes,CN=system:node:gw-1"),
                                        keys.getPublic()),
                                keys,
                                "SHA256withRSA"));
        assertThatThrownBy(request::nodeName).hasMessageContaining("EC P-256");

        KeyPair mine = EcKeys.generate();
        KeyPair others = EcKeys.generate();
        String stolen =
                sign(
                        new JcaPKCS10CertificationRequestBuilder(
                                new X500Name("O=system:nodes,CN=system:node:gw-1"),
                                others.getPublic()),
                        mine,
                        "SHA256withECDSA");
        assertThatThrownBy(() -> ClientRequest.read(stolen))
                .hasMessageContaining("not signed by its own key");
    }

    @Test
    void refusesWhatIsNoRequest() {
        for (String text : List.of("", "%%%", base64("hello"), "A".repeat(20_000))) {
            assertThatThrownBy(() -> ClientRequest.read(text)).isInstanceOf(RefusedException.class);
        }
    }

    @Test
    void givesUsersNoReservedNames() throws Exception {
        KeyPair keys = EcKeys.generate();
        ClientRequest.read(base64(CertificateRequest.pem(keys, "alice", "operators")))
                .requireUser();
        for (String[] subject :
                List.of(
                        new String[] {"alice", "system:masters"},
                        new String[] {"system:node:gw-1", "x"})) {
            ClientRequest request =
                    ClientRequest.read(
                            base64(CertificateRequest.pem(keys, subject[0], subject[1])));
            assertThatThrownBy(request::requireUser).isInstanceOf(RefusedException.class);
        }
    }

    @Test
    void givesEachNodeASubnetOfItsOwn() {
        PodCidrs cidrs = PodCidrs.parse("10.244.0.0/22");
        List<KubeObject> nodes = new ArrayList<>();
        List<String> given = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String cidr = cidrs.firstFree(nodes).orElseThrow();
            given.add(cidr);
            nodes.add(node("n" + i, cidr));
        }

        assertThat(given)
                .containsExactly(
                        "10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24");
        assertThat(cidrs.firstFree(nodes)).isEmpty();
        nodes.remove(1);
        assertThat(cidrs.firstFree(nodes)).contains("10.244.1.0/24");
    }

    @Test
    void refusesMalformedNetworks() {
        for (String text :
                List.of(
                        "",
                        "10.244.0.0",
                        "10.244.0.1/16",
                        "10.244.0.0/25",
                        "300.0.0.0/8",
                        "::/64")) {
            assertThatThrownBy(() -> PodCidrs.parse(text))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void keepsOfATokenOnlyAHash() {
        JoinToken.Fresh token =
                JoinToken.create(
                        "",
                        Map.of("site", "site-1"),
                        JsonArray.EMPTY,
                        clock.instant().plusSeconds(60));
        String secret = token.whole().substring(token.whole().indexOf('.') + 1);
        KubeObject stored = token.record().toSecret();

        assertThat(secret).hasSize(40);
        assertThat(stored.json().toJson()).doesNotContain(secret).doesNotContain(base64(secret));
        assertThat(token.toString() + token.record()).doesNotContain(secret);
        JoinToken read = JoinToken.of(stored).orElseThrow();
        assertThat(read).isEqualTo(token.record());
        assertThat(read.hasSecret(secret)).isTrue();
        assertThat(read.hasSecret(secret + "0")).isFalse();
    }

    @Test
    void takesNoOtherSecretForAToken() {
        JoinToken.Fresh token = JoinToken.create("", Map.of(), JsonArray.EMPTY, clock.instant());
        KubeObject secret = token.record().toSecret();

        assertThat(JoinToken.of(secret.with("type", Json.of("Opaque")))).isEmpty();
        assertThat(JoinToken.of(secret.withMetadata("name", Json.of("x")))).isEmpty();
        assertThat(JoinToken.of(secret.with("data", JsonObject.EMPTY))).isEmpty();
    }

    private static KubeObject node(String name, String cidr) {
        return KubeObject.of(ResourceType.NODES, "", name).withSpec(JsonObject.of("podCIDR", cidr));
    }

    private static String signed(KeyPair keys, String subject, ExtensionsGenerator extensions)
            throws Exception {
        JcaPKCS10CertificationRequestBuilder builder =
                new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), keys.getPublic());
        if (extensions != null) {
            builder.addAttribute(
                    PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
        }
        return sign(builder, keys, "SHA256withECDSA");
    }

    private static String sign(
            JcaPKCS10CertificationRequestBuilder builder, KeyPair keys, String algorithm)
            throws Exception {
        return base64(
                Pem.certificateRequest(
                        builder.build(
                                        new JcaContentSignerBuilder(algorithm)
                                                .build(keys.getPrivate()))
                                .getEncoded()));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
