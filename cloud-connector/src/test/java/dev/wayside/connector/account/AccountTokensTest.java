// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccountTokensTest {
    private static final User ASKER = User.ANONYMOUS;

    @TempDir Path folder;

    private final ManualClock clock = new ManualClock();
    private EmbeddedObjectStore store;
    private SigningKeys keys;
    private AccountTokens tokens;
    private TokenRequests requests;

    @BeforeEach
    void start() throws Exception {
        store = TestingStore.open(folder.resolve("store"), clock);
        keys = SigningKeys.open(folder, clock);
        tokens = new AccountTokens(store, keys, clock);
        requests = new TokenRequests(store, tokens, new BuiltInKinds().tokenRequest());
    }

    @AfterEach
    void stop() {
        store.close();
    }

    @Test
    void knowsATokenAgainAlsoAfterARestart() throws Exception {
        JsonObject request = request("{}");
        String token = request.text("status", "token");

        User user =
                new AccountTokens(store, SigningKeys.open(folder, clock), clock)
                        .authenticate(token);

        assertThat(user.name()).isEqualTo("system:serviceaccount:default:default");
        assertThat(user.groups())
                .containsExactly(
                        "system:serviceaccounts",
                        "system:serviceaccounts:default",
                        "system:authenticated");
        assertThat(user.uid()).isEqualTo(account().uid());
        assertThat(user.extra().get("authentication.kubernetes.io/credential-id"))
                .singleElement()
                .asString()
                .startsWith("JTI=");
        assertThat(request.number("spec", "expirationSeconds")).hasValue(3600);
        assertThat(request.text("status", "expirationTimestamp"))
                .isEqualTo(clock.instant().plus(Duration.ofHours(1)).toString());
        assertThat(user.toString()).doesNotContain(token);
    }

    @Test
    void keepsItsKeyToItself() throws Exception {
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(
                                        folder.resolve("service-account.key"))))
                .isEqualTo("rw-------");
        Files.writeString(folder.resolve("service-account.key"), "rubbish");
        assertThatThrownBy(() -> SigningKeys.open(folder, clock))
                .hasMessageContaining("service-account.key is no good");
    }

    @Test
    void anOldKeyMakesWayAndItsTokensAreGoodToTheirEnd() throws Exception {
        String old = keys.current().id();
        clock.advance(SigningKeys.SIGNS_FOR.minusSeconds(60));
        keys.renewIfDue();
        assertThat(keys.current().id()).isEqualTo(old);
        String before = request("{'expirationSeconds': 86400}").text("status", "token");

        clock.advance(Duration.ofMinutes(2));
        keys.renewIfDue();

        assertThat(keys.current().id()).isNotEqualTo(old);
        String after = request("{'expirationSeconds': 86400}").text("status", "token");
        AccountTokens restarted = new AccountTokens(store, SigningKeys.open(folder, clock), clock);
        for (AccountTokens each : List.of(tokens, restarted)) {
            assertThat(each.authenticate(before).name()).contains("default");
            assertThat(each.authenticate(after).name()).contains("default");
        }
        assertThat(keys.publicKeys().size()).isEqualTo(2);
        try (var files = Files.list(folder)) {
            assertThat(files.filter(file -> file.toString().endsWith(".key")))
                    .hasSize(2)
                    .allMatch(AccountTokensTest::isForItsOwnerAlone);
        }

        clock.advance(SigningKeys.GRACE);
        assertThat(keys.accepted(old)).isEmpty();
        keys.renewIfDue();
        assertThat(keys.publicKeys().size()).isEqualTo(1);
        try (var files = Files.list(folder)) {
            assertThat(files.filter(file -> file.toString().endsWith(".key"))).hasSize(1);
        }
    }

    @Test
    void takesBackWhatOthersCouldRead() throws Exception {
        Path file = folder.resolve("service-account.key");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        SigningKeys.open(folder, clock);

        assertThat(isForItsOwnerAlone(file)).isTrue();
    }

    private static boolean isForItsOwnerAlone(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file))
                    .equals("rw-------");
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void othersCanCheckItByThePublishedKey() throws Exception {
        String token = request("{}").text("status", "token");
        JsonObject jwk =
                OpenIdPages.of(keys, () -> "https://h:1")
                        .get("/openid/v1/jwks")
                        .get()
                        .array("keys")
                        .objects()
                        .get(0);
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initVerify(
                KeyFactory.getInstance("EC")
                        .generatePublic(
                                new ECPublicKeySpec(
                                        new ECPoint(number(jwk, "x"), number(jwk, "y")),
                                        curve.getParameterSpec(ECParameterSpec.class))));
        int last = token.lastIndexOf('.');
        signature.update(token.substring(0, last).getBytes(StandardCharsets.US_ASCII));

        assertThat(signature.verify(Base64.getUrlDecoder().decode(token.substring(last + 1))))
                .isTrue();
        assertThat(
                        OpenIdPages.of(keys, () -> "https://h:1")
                                .get("/.well-known/openid-configuration")
                                .get()
                                .text("jwks_uri"))
                .isEqualTo("https://h:1/openid/v1/jwks");
    }

    private static BigInteger number(JsonObject jwk, String name) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(jwk.text(name)));
    }

    @Test
    void endsWithItsTime() {
        String token = request("{'expirationSeconds':600}").text("status", "token");
        User user = tokens.authenticate(token);
        clock.advance(Duration.ofSeconds(599));
        assertThat(tokens.authenticate(token)).isNotNull();

        clock.advance(Duration.ofSeconds(1));

        refused(token, "it has expired");
        assertThat(tokens.stillGood((User.Credential.AccountToken) user.credential())).isFalse();
    }

    @Test
    void lastsNeitherTooShortNorTooLong() {
        assertThatThrownBy(() -> request("{'expirationSeconds':599}"))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("may not specify a duration less than 10 minutes");
        assertThatThrownBy(() -> request("{'expirationSeconds':4294967297}"))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("2^32");
        assertThat(request("{'expirationSeconds':31536000}").number("spec", "expirationSeconds"))
                .hasValue(TokenRequests.MOST.toSeconds());
    }

    @Test
    void isForItsAudienceAlone() {
        String token = request("{'audiences':['vault']}").text("status", "token");

        refused(token, "it is for another audience");
        JsonObject reviewed = review("{'token':'" + token + "','audiences':['vault','other']}");
        assertThat(reviewed.flag("authenticated")).isTrue();
        assertThat(reviewed.array("audiences").strings()).containsExactly("vault");
        assertThat(reviewed.text("user", "username"))
                .isEqualTo("system:serviceaccount:default:default");
        JsonObject here = review("{'token':'" + token + "'}");
        assertThat(here.flag("authenticated")).isFalse();
        assertThat(here.text("error")).contains("another audience").doesNotContain(token);
    }

    @Test
    void endsWithItsAccount() {
        String token = request("{}").text("status", "token");
        store.delete(
                ResourceType.SERVICE_ACCOUNTS,
                ResourceType.SERVICE_ACCOUNTS.key("default", "default"),
                DeleteOptions.BACKGROUND);
        refused(token, "its service account is gone");

        DefaultAccount.ensure(store, "default");

        refused(token, "its service account is gone");
    }

    @Test
    void endsWithThePodThatItIsBoundTo() {
        TestingStore.node(store, "gw-1");
        KubeObject pod = TestingStore.pod(store, "gw-1", "p");
        String token =
                request("{'boundObjectRef':{'apiVersion':'v1','kind':'Pod','name':'p'}}")
                        .text("status", "token");
        assertThat(tokens.authenticate(token).extra())
                .containsEntry("authentication.kubernetes.io/pod-name", List.of("p"))
                .containsEntry("authentication.kubernetes.io/pod-uid", List.of(pod.uid()));

        store.delete(
                ResourceType.PODS,
                pod.key(ResourceType.PODS),
                new DeleteOptions(java.util.OptionalLong.of(0), null, null, null, false));

        refused(token, "the pod that it is bound to is gone");
    }

    @Test
    void endsWithTheSecretThatItIsBoundTo() {
        store.create(
                ResourceType.SECRETS,
                KubeObject.of(ResourceType.SECRETS, "default", "s"),
                WriteOptions.by("test"));
        String token =
                request("{'boundObjectRef':{'apiVersion':'v1','kind':'Secret','name':'s'}}")
                        .text("status", "token");
        assertThat(tokens.authenticate(token)).isNotNull();

        store.delete(
                ResourceType.SECRETS,
                ResourceType.SECRETS.key("default", "s"),
                DeleteOptions.BACKGROUND);

        refused(token, "the secret that it is bound to is gone");
    }

    @Test
    void bindsOnlyToWhatIsThereAndItsOwn() {
        assertThatThrownBy(
                        () ->
                                request(
                                        "{'boundObjectRef':{'apiVersion':'v1','kind':'Pod','name':'no'}}"))
                .isInstanceOf(ApiException.class)
                .hasMessage("pods \"no\" not found");
        assertThatThrownBy(
                        () ->
                                request(
                                        "{'boundObjectRef':{'apiVersion':'v1','kind':'Node','name':'n'}}"))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("cannot bind token");
    }

    @Test
    void takesNothingThatWasTamperedWith() throws Exception {
        String token = request("{}").text("status", "token");
        String[] parts = token.split("\\.");
        String claims =
                new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
                        .replace("default:default", "kube-system:default");
        String none = base64("{\"alg\":\"none\",\"kid\":\"" + keys.current().id() + "\"}");

        refused(parts[0] + "." + base64(claims) + "." + parts[2], "it is not signed here");
        refused(none + "." + parts[1] + ".", "it is not signed here");
        refused(parts[0] + "." + parts[1] + ".", "it is not signed here");
        refused("a.b.c", "it is not signed here");
        Files.createDirectories(folder.resolve("other"));
        AccountTokens others =
                new AccountTokens(store, SigningKeys.open(folder.resolve("other"), clock), clock);
        assertThatThrownBy(() -> others.authenticate(token)).isInstanceOf(ApiException.class);
    }

    private void refused(String token, String why) {
        assertThatThrownBy(() -> tokens.authenticate(token))
                .isInstanceOf(ApiException.class)
                .hasMessage("the token is not valid: " + why);
    }

    private JsonObject request(String spec) {
        KubeObject asked =
                new KubeObject(JsonObject.of("spec", TestingStore.json(spec.replace('\'', '"'))));
        return requests.answer(
                        ASKER,
                        RequestInfo.parse(
                                "POST", "/api/v1/namespaces/default/serviceaccounts/default/token"),
                        asked)
                .json();
    }

    private JsonObject review(String spec) {
        return new TokenReviews(tokens)
                .answer(
                        ASKER,
                        RequestInfo.parse("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
                        new KubeObject(
                                JsonObject.of("spec", TestingStore.json(spec.replace('\'', '"')))))
                .status();
    }

    private KubeObject account() {
        return store.get(ResourceType.SERVICE_ACCOUNTS.key("default", "default")).orElseThrow();
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
