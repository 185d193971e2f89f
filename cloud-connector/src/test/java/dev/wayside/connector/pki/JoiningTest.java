// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JoiningTest {
    private static final ResourceType REQUESTS = ResourceType.CERTIFICATE_SIGNING_REQUESTS;
    private static final WriteOptions WRITER = WriteOptions.by("test");

    @TempDir Path folder;

    private final ManualClock clock = new ManualClock();
    private EmbeddedObjectStore store;
    private JoinTokens tokens;
    private Joining joining;

    @BeforeEach
    void start() throws IOException {
        store = TestingStore.open(folder.resolve("store"), clock);
        tokens = new JoinTokens(store, clock);
        joining =
                new Joining(
                        store,
                        CertificateAuthority.open(folder.resolve("pki"), clock),
                        tokens,
                        PodCidrs.parse("10.244.0.0/16"),
                        Duration.ofDays(90),
                        clock);
    }

    @AfterEach
    void stop() {
        store.close();
    }

    @Test
    void makesTheNodeAndIssuesACertificateForItsUid() throws Exception {
        User newcomer = newcomer(token("", Map.of("site", "site-1")));
        KeyPair keys = EcKeys.generate();

        KubeObject answer = post(newcomer, "r1", "gw-1", keys);

        KubeObject node = node("gw-1");
        assertThat(node.labels())
                .containsEntry("site", "site-1")
                .containsEntry("kubernetes.io/hostname", "gw-1");
        assertThat(node.spec().text("podCIDR")).isEqualTo("10.244.0.0/24");
        assertThat(node.spec().array("podCIDRs").strings()).containsExactly("10.244.0.0/24");
        assertThat(answer.conditionIsTrue("Approved")).isTrue();
        X509Certificate certificate = certificate(answer);
        assertThat(certificate.getSubjectX500Principal().getName())
                .isEqualTo("CN=system:node:gw-1,O=system:nodes");
        assertThat(certificate.getPublicKey()).isEqualTo(keys.getPublic());
        assertThat(certificate.getSubjectAlternativeNames())
                .extracting(name -> String.valueOf(name.get(1)))
                .containsExactly("urn:uuid:" + node.uid());
        assertThat(certificate.getNotAfter().toInstant())
                .isEqualTo(clock.instant().plus(Duration.ofDays(90)));
        assertThat(answer.spec().text("username")).isEqualTo(newcomer.name());
    }

    @Test
    void worksOncePerToken() {
        User newcomer = newcomer(token("", Map.of()));
        post(newcomer, "r1", "gw-1", EcKeys.generate());

        assertRefused(
                () -> post(newcomer, "r2", "gw-2", EcKeys.generate()),
                Reason.UNAUTHORIZED,
                "has been used");
        assertThat(store.get(ResourceType.NODES.key("", "gw-2"))).isEmpty();
    }

    @Test
    void letsOnlyOneOfManyJoinByOneToken() throws Exception {
        User newcomer = newcomer(token("", Map.of()));
        ExecutorService racers = Executors.newFixedThreadPool(8);
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            String name = "gw-" + i;
            all.add(
                    () -> {
                        try {
                            post(newcomer, "r-" + name, name, EcKeys.generate());
                            return true;
                        } catch (ApiException e) {
                            return false;
                        }
                    });
        }
        int joined = 0;
        for (Future<Boolean> racer : racers.invokeAll(all)) {
            joined += racer.get() ? 1 : 0;
        }
        racers.shutdown();

        assertThat(joined).isEqualTo(1);
        assertThat(nodes()).hasSize(1);
    }

    @Test
    void usesATokenUpByItsRevisionAlone() throws Exception {
        String id = token("", Map.of()).record().id();
        ExecutorService racers = Executors.newFixedThreadPool(8);
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            String key = "key-" + i;
            all.add(
                    () -> {
                        try {
                            tokens.use(id, "gw", "", key, "r-" + key);
                            return true;
                        } catch (ApiException e) {
                            return false;
                        }
                    });
        }
        int used = 0;
        for (Future<Boolean> racer : racers.invokeAll(all)) {
            used += racer.get() ? 1 : 0;
        }
        racers.shutdown();

        assertThat(used).isEqualTo(1);
    }

    @Test
    void letsTheSameKeyTryAgain() {
        User newcomer = newcomer(token("", Map.of()));
        KeyPair keys = EcKeys.generate();
        post(newcomer, "r1", "gw-1", keys);

        KubeObject again = post(newcomer, "r2", "gw-1", keys);

        assertThat(again.status().text("certificate")).isNotEmpty();
        assertThat(nodes()).hasSize(1);
    }

    @Test
    void makesNoSecondNodeByAnOldToken() {
        User newcomer = newcomer(token("", Map.of()));
        KeyPair keys = EcKeys.generate();
        post(newcomer, "r1", "gw-1", keys);
        store.delete(
                ResourceType.NODES, ResourceType.NODES.key("", "gw-1"), DeleteOptions.BACKGROUND);

        assertRefused(
                () -> post(newcomer, "r2", "gw-1", keys), Reason.UNAUTHORIZED, "has been used");
    }

    @Test
    void refusesANameThatIsTakenAndKeepsTheToken() {
        post(newcomer(token("", Map.of())), "r1", "gw-1", EcKeys.generate());
        User second = newcomer(token("", Map.of()));

        assertRefused(
                () -> post(second, "r2", "gw-1", EcKeys.generate()),
                Reason.CONFLICT,
                "exists already");
        assertThat(post(second, "r3", "gw-2", EcKeys.generate()).conditionIsTrue("Approved"))
                .isTrue();
    }

    @Test
    void holdsATokenToItsNodeItsTimeAndItsSecret() {
        JoinToken.Fresh bound = token("gw-7", Map.of());
        assertRefused(
                () -> post(newcomer(bound), "r1", "gw-8", EcKeys.generate()),
                Reason.FORBIDDEN,
                "is for the node \"gw-7\"");
        assertRefused(
                () -> tokens.authenticate(bound.record().id() + "." + "0".repeat(40)),
                Reason.UNAUTHORIZED,
                "not valid");
        assertRefused(() -> tokens.authenticate("x"), Reason.UNAUTHORIZED, "not valid");
        User early = newcomer(bound);
        clock.advance(Duration.ofHours(2));
        assertRefused(() -> newcomer(bound), Reason.UNAUTHORIZED, "expired");
        assertRefused(
                () -> post(early, "r1", "gw-7", EcKeys.generate()), Reason.UNAUTHORIZED, "expired");
    }

    @Test
    void givesEveryNodeAnotherSubnet() {
        Set<String> given = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            post(newcomer(token("", Map.of())), "r" + i, "gw-" + i, EcKeys.generate());
            given.add(node("gw-" + i).spec().text("podCIDR"));
        }
        assertThat(given).hasSize(5);
    }

    @Test
    void changesNothingInADryRun() {
        JoinToken.Fresh token = token("", Map.of());

        joining.creating(newcomer(token), request("r1", "gw-1", EcKeys.generate()), true);

        assertThat(nodes()).isEmpty();
        assertThat(post(newcomer(token), "r2", "gw-1", EcKeys.generate()).status().isEmpty())
                .isFalse();
    }

    @Test
    void renewsForTheSameGatewayOnly() throws Exception {
        post(newcomer(token("", Map.of())), "r1", "gw-1", EcKeys.generate());
        User gateway =
                new User(
                        "system:node:gw-1",
                        List.of(User.NODES_GROUP),
                        new User.Credential.Certificate(node("gw-1").uid(), Instant.MAX));
        KeyPair fresh = EcKeys.generate();

        KubeObject renewed = post(gateway, "r2", "gw-1", fresh);

        assertThat(certificate(renewed).getPublicKey()).isEqualTo(fresh.getPublic());
        assertRefused(
                () -> post(gateway, "r3", "gw-2", EcKeys.generate()),
                Reason.INVALID,
                "nothing but its own certificate");
    }

    @Test
    void takesNoOtherSignerOrUsageFromAGateway() {
        User newcomer = newcomer(token("", Map.of()));
        KubeObject request = request("r1", "gw-1", EcKeys.generate());
        for (JsonObject spec :
                List.of(
                        request.spec().with("signerName", Joining.USER_SIGNER),
                        request.spec()
                                .with(
                                        "usages",
                                        JsonArray.of(
                                                Json.of("digital signature"),
                                                Json.of("server auth"))))) {
            assertRefused(
                    () -> joining.creating(newcomer, request.withSpec(spec), false),
                    Reason.INVALID,
                    "a gateway asks");
        }
        assertThat(nodes()).isEmpty();
    }

    @Test
    void saysItselfWhoAsked() {
        KubeObject request = request("r1", "gw-1", EcKeys.generate());
        KubeObject forged =
                request.withSpec(
                                request.spec()
                                        .with("username", "system:node:gw-9")
                                        .with("groups", JsonArray.of(Json.of("x"))))
                        .withStatus(
                                JsonObject.of(
                                        "conditions",
                                        JsonArray.of(
                                                JsonObject.of("type", "Approved")
                                                        .with("status", "True"))));

        KubeObject admitted = joining.creating(newcomer(token("", Map.of())), forged, false);

        assertThat(admitted.spec().text("username")).startsWith("system:bootstrap:");
        assertThat(admitted.json().has("status")).isFalse();
    }

    @Test
    void signsForUsersOnlyWhatAnOperatorApproved() {
        User admin =
                new User(
                        "admin",
                        List.of(User.MASTERS_GROUP),
                        new User.Credential.Certificate("", Instant.MAX));
        KubeObject request =
                KubeObject.of(REQUESTS, "", "alice")
                        .withSpec(
                                spec("alice", "operators", EcKeys.generate())
                                        .with("signerName", Joining.USER_SIGNER));
        KubeObject waiting =
                store.create(REQUESTS, joining.creating(admin, request, false), WRITER);
        assertThat(joining.written(admin, waiting).status().isEmpty()).isTrue();

        KubeObject approved =
                store.update(
                        REQUESTS,
                        waiting.withStatus(
                                JsonObject.of(
                                        "conditions",
                                        JsonArray.of(
                                                JsonObject.of("type", "Approved")
                                                        .with("status", "True")))),
                        "approval",
                        WRITER);

        assertThat(joining.written(admin, approved).status().text("certificate")).isNotEmpty();
    }

    @Test
    void bringsToAnEndWhatACutLeftHalfDone() {
        User newcomer = newcomer(token("", Map.of()));
        KubeObject request =
                joining.creating(newcomer, request("r1", "gw-1", EcKeys.generate()), false);
        store.create(REQUESTS, request, WRITER);

        joining.resume();

        assertThat(store.get(REQUESTS.key("", "r1")).orElseThrow().status().text("certificate"))
                .isNotEmpty();
    }

    @Test
    void clearsAwayWhatIsOfNoMoreUse() throws IOException {
        post(newcomer(token("", Map.of())), "r1", "gw-1", EcKeys.generate());
        ServerCertificate certificate =
                ServerCertificate.open(
                        folder.resolve("pki"),
                        CertificateAuthority.open(folder.resolve("pki"), clock),
                        List.of(),
                        clock);
        try (Upkeep upkeep = new Upkeep(store, certificate, () -> {}, clock)) {
            upkeep.run();
            assertThat(store.get(REQUESTS.key("", "r1"))).isPresent();
            clock.advance(Duration.ofHours(3));
            upkeep.run();
        }
        assertThat(store.get(REQUESTS.key("", "r1"))).isEmpty();
        assertThat(store.list(ListQuery.all(ResourceType.SECRETS)).items()).isEmpty();
    }

    private JoinToken.Fresh token(String nodeName, Map<String, String> labels) {
        JoinToken.Fresh token =
                JoinToken.create(
                        nodeName,
                        labels,
                        JsonArray.EMPTY,
                        clock.instant().plus(Duration.ofHours(1)));
        store.create(ResourceType.SECRETS, token.record().toSecret(), WRITER);
        return token;
    }

    private User newcomer(JoinToken.Fresh token) {
        return tokens.authenticate(token.whole());
    }

    /** As the API does it: rules, store, rules. */
    private KubeObject post(User user, String name, String nodeName, KeyPair keys) {
        KubeObject admitted = joining.creating(user, request(name, nodeName, keys), false);
        return joining.written(user, store.create(REQUESTS, admitted, WRITER));
    }

    private static KubeObject request(String name, String nodeName, KeyPair keys) {
        return KubeObject.of(REQUESTS, "", name)
                .withSpec(spec("system:node:" + nodeName, "system:nodes", keys));
    }

    private static JsonObject spec(String commonName, String organization, KeyPair keys) {
        String pem = CertificateRequest.pem(keys, commonName, organization);
        return JsonObject.builder()
                .put("signerName", Joining.NODE_SIGNER)
                .put("usages", JsonArray.of(Json.of("digital signature"), Json.of("client auth")))
                .put(
                        "request",
                        Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
                .build();
    }

    private KubeObject node(String name) {
        return store.get(ResourceType.NODES.key("", name)).orElseThrow();
    }

    private List<KubeObject> nodes() {
        return store.list(ListQuery.all(ResourceType.NODES)).items();
    }

    private static X509Certificate certificate(KubeObject request) throws Exception {
        return Pem.readCertificate(
                new String(
                        Base64.getDecoder().decode(request.status().text("certificate")),
                        StandardCharsets.US_ASCII));
    }

    private static void assertRefused(Runnable action, Reason reason, String words) {
        assertThatThrownBy(action::run)
                .hasMessageContaining(words)
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }
}
