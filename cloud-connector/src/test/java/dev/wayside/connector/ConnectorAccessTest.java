// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.grid.Controllers;
import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.connector.pki.PodCidrs;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.ServiceRange;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.EcKeys;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what at the whole connector, over TLS. */
class ConnectorAccessTest {
    private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
    private static final String ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts";
    private static final String PODS = "/api/v1/namespaces/default/pods";

    @TempDir Path folder;
    @TempDir Path keys;

    private final ManualClock clock =
            new ManualClock(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    private ConnectorServer server;
    private HttpClient admin;
    private HttpClient nobody;

    private record Answer(int status, JsonObject body) {
        String message() {
            return body.text("message");
        }
    }

    @BeforeEach
    void start() throws Exception {
        ConnectorOptions options =
                new ConnectorOptions(
                        folder,
                        "127.0.0.1",
                        0,
                        List.of(),
                        PodCidrs.parse("10.244.0.0/16"),
                        ServiceRange.DEFAULT,
                        Duration.ofDays(90),
                        Optional.empty(),
                        folder.resolve("kubeconfig"),
                        keys.resolve("keys"));
        server = ConnectorServer.start(options, Controllers::start, clock);
        Kubeconfig config = Kubeconfig.read(folder.resolve("kubeconfig"));
        admin = HttpClient.newBuilder().sslContext(AdminClient.context(config.identity())).build();
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, new char[0]);
        trusted.setCertificateEntry("ca", config.identity().authority());
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, trust.getTrustManagers(), null);
        nobody = HttpClient.newBuilder().sslContext(context).build();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void everyRouteRefusesWhoShowsNothing() throws Exception {
        // Whatever an operator binds to everybody.
        create(
                RBAC + "/clusterrolebindings",
                binding("open", "cluster-admin", "Group", "system:unauthenticated"));
        List<String> open = List.of("/healthz", "/livez", "/readyz", "/version");
        for (String path : open) {
            assertThat(send(nobody, "GET", path, "", Map.of()).status()).as(path).isEqualTo(200);
        }
        for (String route : routes()) {
            int space = route.indexOf(' ');
            Answer answer =
                    send(
                            nobody,
                            route.substring(0, space),
                            route.substring(space + 1),
                            "{}",
                            Map.of());
            assertThat(answer.status()).as(route).isEqualTo(401);
            assertThat(answer.body().text("reason")).as(route).isEqualTo("Unauthorized");
        }
    }

    @Test
    void noHeaderMakesSomebodyOfNobody() throws Exception {
        create(
                RBAC + "/clusterrolebindings",
                binding("open", "cluster-admin", "Group", "system:unauthenticated"));
        String none = base64("{\"alg\":\"none\"}") + "." + base64("{\"sub\":\"admin\"}") + ".";
        List<Map<String, String>> attempts =
                List.of(
                        Map.of("X-Remote-User", "admin", "X-Remote-Group", "system:masters"),
                        Map.of("Impersonate-User", "admin", "Impersonate-Group", "system:masters"),
                        Map.of("Impersonate-User", "system:anonymous"),
                        Map.of("X-Forwarded-Client-Cert", "Subject=\"O=system:masters\""),
                        Map.of("Authorization", "Bearer x"),
                        Map.of("Authorization", "Bearer "),
                        Map.of("Authorization", "Bearer a.b"),
                        Map.of("Authorization", "Bearer a.b.c"),
                        Map.of("Authorization", "Bearer " + none),
                        Map.of("Authorization", "bearer " + "x".repeat(20_000)),
                        Map.of("Authorization", "Basic " + base64("admin:admin")));
        for (Map<String, String> headers : attempts) {
            for (String path : List.of(PODS, "/apis", RBAC + "/clusterroles/cluster-admin")) {
                assertThat(send(nobody, "GET", path, "", headers).status())
                        .as(headers + " " + path)
                        .isIn(401, 403);
            }
        }
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Every path of every kind with every method, all documents, and paths that are not there. */
    private static List<String> routes() {
        List<String> routes = new ArrayList<>();
        List<String> documents =
                new ArrayList<>(
                        List.of(
                                "/",
                                "/api",
                                "/apis",
                                "/openapi/v2",
                                "/openapi/v3",
                                "/.well-known/openid-configuration",
                                "/openid/v1/jwks",
                                "/metrics",
                                "/wayside/backup",
                                "/nope"));
        for (KindDefinition kind : new BuiltInKinds().all()) {
            ResourceType type = kind.type();
            String base = type.path("");
            documents.add(base.substring(0, base.lastIndexOf('/')));
            documents.add("/openapi/v3" + base.substring(0, base.lastIndexOf('/')));
            List<String> paths = new ArrayList<>(List.of(base, base + "?watch=true"));
            paths.add(type.path("default"));
            paths.add(type.path("default", "x"));
            kind.subresources().forEach(part -> paths.add(type.path("default", "x") + "/" + part));
            for (String path : paths) {
                for (String method : List.of("GET", "POST", "PUT", "PATCH", "DELETE")) {
                    routes.add(method + " " + path);
                }
            }
        }
        documents.stream().distinct().forEach(path -> routes.add("GET " + path));
        return routes;
    }

    @Test
    void aTokenOpensWhatIsBoundToItsAccount() throws Exception {
        String token = accountWithView("bot");

        assertThat(as(token, "GET", PODS).status()).isEqualTo(200);
        Answer refused = as(token, "DELETE", PODS + "/p");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo(
                        "pods \"p\" is forbidden: User \"system:serviceaccount:default:bot\" cannot"
                                + " delete resource \"pods\" in API group \"\" in the namespace"
                                + " \"default\"");
        assertThat(as(token, "GET", "/openid/v1/jwks").body().array("keys").size()).isEqualTo(1);
        assertThat(as(token, "GET", "/.well-known/openid-configuration").body().text("jwks_uri"))
                .isEqualTo(server.url() + "/openid/v1/jwks");
        assertThat(as(token.substring(0, token.length() - 4) + "AAAA", "GET", PODS).status())
                .isEqualTo(401);

        assertThat(asAdmin("DELETE", ACCOUNTS + "/bot", "").status()).isEqualTo(200);
        assertThat(as(token, "GET", PODS).status()).isEqualTo(401);
    }

    @Test
    void whoHasARightMayGiveItAndNoMore() throws Exception {
        String token = accountWith("admin", "chief");
        String path = RBAC + "/namespaces/default/rolebindings";
        String edit = binding("b", "edit", "User", "x");

        assertThat(send(nobody, "POST", path, edit, bearer(token)).status()).isEqualTo(201);
        Answer patched =
                send(
                        nobody,
                        "PATCH",
                        RBAC + "/namespaces/default/roles/r",
                        "{'rules':[]}",
                        withType(bearer(token)));
        assertThat(patched.status()).isEqualTo(404);
        create(
                RBAC + "/namespaces/default/roles",
                "{'metadata':{'name':'r'},'rules':[{'apiGroups':[''],'resources':['pods'],"
                        + "'verbs':['get']}]}");
        Answer more =
                send(
                        nobody,
                        "PATCH",
                        RBAC + "/namespaces/default/roles/r",
                        "{'rules':[{'apiGroups':[''],'resources':['nodes'],'verbs':['get']}]}",
                        withType(bearer(token)));
        assertThat(more.status()).isEqualTo(403);
        assertThat(more.message())
                .contains("is attempting to grant RBAC permissions not currently held")
                .contains("{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\"]}");
        for (String name : List.of("r", "applied")) {
            Map<String, String> headers = new java.util.HashMap<>(bearer(token));
            headers.put("content-type", "application/apply-patch+yaml");
            send(
                    nobody,
                    "PATCH",
                    RBAC + "/namespaces/default/roles/" + name + "?fieldManager=test&force=true",
                    "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'Role','metadata':{'name':'"
                            + name
                            + "'},'rules':[{'apiGroups':[''],'resources':['nodes'],'verbs':['get']}]}",
                    headers);
            assertThat(
                            asAdmin("GET", RBAC + "/namespaces/default/roles/" + name, "")
                                    .body()
                                    .toJson())
                    .doesNotContain("\"resources\":[\"nodes\"]");
        }
        Answer all =
                send(
                        nobody,
                        "POST",
                        path + "?dryRun=All",
                        binding("all", "cluster-admin", "User", "x"),
                        bearer(token));
        assertThat(all.status()).isEqualTo(403);
    }

    @Test
    void actsAsAnotherOnlyWhereThatIsAllowed() throws Exception {
        String token = accountWithView("bot");
        Map<String, String> asBot = Map.of("impersonate-user", "system:serviceaccount:default:bot");

        assertThat(send(admin, "GET", PODS, "", asBot).status()).isEqualTo(200);
        assertThat(send(admin, "DELETE", PODS + "/p", "", asBot).message())
                .contains("User \"system:serviceaccount:default:bot\" cannot delete");
        Answer who =
                send(
                        admin,
                        "POST",
                        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                        "{}",
                        Map.of(
                                "impersonate-user", "jane",
                                "impersonate-group", "dev",
                                "impersonate-uid", "u-1",
                                "impersonate-extra-example.com%2Fteam", "red"));
        assertThat(who.status()).isEqualTo(201);
        assertThat(who.body().object("status", "userInfo"))
                .isEqualTo(
                        TestingStore.json(
                                """
                                {"username": "jane", "uid": "u-1",
                                 "groups": ["dev", "system:authenticated"],
                                 "extra": {"example.com/team": ["red"]}}
                                """));
        Answer refused =
                send(
                        nobody,
                        "GET",
                        PODS,
                        "",
                        Map.of("authorization", "Bearer " + token, "impersonate-user", "admin"));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo(
                        "users \"admin\" is forbidden: User \"system:serviceaccount:default:bot\""
                                + " cannot impersonate resource \"users\" in API group \"\" at the"
                                + " cluster scope");
        assertThat(send(admin, "GET", PODS, "", Map.of("impersonate-group", "dev")).status())
                .isEqualTo(400);
        assertThat(send(nobody, "GET", PODS, "", asBot).status()).isIn(401, 403);
    }

    @Test
    void aBackupIsForThoseWhoMayReadItsPathAlone() throws Exception {
        String token = accountWithView("bot");
        assertThat(as(token, "GET", "/wayside/backup").status()).isEqualTo(403);
        create(
                RBAC + "/clusterroles",
                "{'metadata':{'name':'backup'},'rules':[{'nonResourceURLs':['/wayside/backup'],"
                        + "'verbs':['get']}]}");
        create(
                RBAC + "/clusterrolebindings",
                binding("backup", "backup", "ServiceAccount", "bot','namespace':'default"));
        HttpRequest request =
                HttpRequest.newBuilder(server.url().resolve("/wayside/backup"))
                        .header("authorization", "Bearer " + token)
                        .build();
        var answer =
                dev.wayside.testing.Eventually.see(
                        "a backup",
                        Duration.ofSeconds(10),
                        () ->
                                nobody.send(
                                        request,
                                        BodyHandlers.ofString(StandardCharsets.ISO_8859_1)),
                        it -> it.statusCode() == 200);
        // The keys that make this connector what it is are never given out by it.
        assertThat(answer.body())
                .startsWith("wayside-backup 1\n")
                .contains("kube-system")
                .doesNotContain("PRIVATE KEY")
                .doesNotContain("ca.key");
    }

    @Test
    void whoApprovesCertificatesIsAllowedToForTheirSigner() throws Exception {
        String requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        String pem = dev.wayside.wire.CertificateRequest.pem(EcKeys.generate(), "alice", "team");
        create(
                requests,
                ("{'metadata':{'name':'alice'},'spec':{'signerName':"
                                + "'kubernetes.io/kube-apiserver-client','usages':['client auth'],"
                                + "'request':'%s'}}")
                        .formatted(
                                Base64.getEncoder()
                                        .encodeToString(pem.getBytes(StandardCharsets.US_ASCII))));
        create(
                RBAC + "/clusterroles",
                "{'metadata':{'name':'approver'},'rules':[{'apiGroups':['certificates.k8s.io'],"
                        + "'resources':['certificatesigningrequests/approval',"
                        + "'certificatesigningrequests'],'verbs':['*']}]}");
        create(
                RBAC + "/clusterrolebindings",
                binding("approver", "approver", "ServiceAccount", "bot','namespace':'default"));
        String token = accountWithView("bot");
        String approval =
                "{'status':{'conditions':[{'type':'Approved','status':'True','reason':'Test'}]}}";
        String path = requests + "/alice/approval";

        Answer refused = send(nobody, "PATCH", path, approval, withType(bearer(token)));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo(
                        "certificatesigningrequests.certificates.k8s.io \"alice\" is forbidden:"
                                + " user not permitted to approve requests with signerName"
                                + " \"kubernetes.io/kube-apiserver-client\"");

        create(
                RBAC + "/clusterroles",
                "{'metadata':{'name':'signer'},'rules':[{'apiGroups':['certificates.k8s.io'],"
                        + "'resources':['signers'],'resourceNames':['kubernetes.io/*'],"
                        + "'verbs':['approve']}]}");
        create(
                RBAC + "/clusterrolebindings",
                binding("signer", "signer", "ServiceAccount", "bot','namespace':'default"));
        Eventually.see(
                "the approval",
                Duration.ofSeconds(20),
                () -> send(nobody, "PATCH", path, approval, withType(bearer(token))).status(),
                status -> status == 200);
        assertThat(asAdmin("GET", requests + "/alice", "").body().text("status", "certificate"))
                .isNotEmpty();
    }

    @Test
    void whoActsAsAGatewayGetsNoCertificateOfIts() throws Exception {
        String pem =
                dev.wayside.wire.CertificateRequest.pem(
                        EcKeys.generate(), "system:node:gw-1", "system:nodes");
        String request =
                ("{'metadata':{'name':'r'},'spec':{'signerName':"
                                + "'kubernetes.io/kube-apiserver-client-kubelet','usages':"
                                + "['digital signature','client auth'],'request':'%s'}}")
                        .formatted(
                                Base64.getEncoder()
                                        .encodeToString(pem.getBytes(StandardCharsets.US_ASCII)));
        create("/api/v1/nodes", "{'metadata':{'name':'gw-1'}}");
        create(
                RBAC + "/clusterroles",
                "{'metadata':{'name':'asker'},'rules':[{'apiGroups':['certificates.k8s.io'],"
                        + "'resources':['certificatesigningrequests'],'verbs':['create']}]}");
        for (String name : List.of("system:node:gw-1", "system:bootstrap:abcdef")) {
            create(
                    RBAC + "/clusterrolebindings",
                    binding(name.replace(':', '-'), "asker", "User", name));
            Answer refused =
                    Eventually.see(
                            "that the binding is in force",
                            Duration.ofSeconds(20),
                            () ->
                                    send(
                                            admin,
                                            "POST",
                                            "/apis/certificates.k8s.io/v1/certificatesigningrequests",
                                            request,
                                            Map.of("impersonate-user", name)),
                            answer -> !answer.message().contains("cannot create resource"));
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.message()).contains("without its own key or token");
        }
    }

    @Test
    void controllersKeepAccountsAndAggregatedRoles() throws Exception {
        String first = uid(ACCOUNTS + "/default");
        assertThat(asAdmin("DELETE", ACCOUNTS + "/default", "").status()).isEqualTo(200);
        Eventually.see(
                "another default account",
                Duration.ofSeconds(20),
                () -> asAdmin("GET", ACCOUNTS + "/default", ""),
                answer ->
                        answer.status() == 200
                                && !answer.body().text("metadata", "uid").equals(first));

        create(
                RBAC + "/clusterroles",
                "{'metadata':{'name':'more','labels':{'rbac.authorization.k8s.io/aggregate-to-view':"
                    + "'true'}},'rules':[{'apiGroups':['x.io'],'resources':['xs'],'verbs':['get']}]}");
        Eventually.see(
                "the rule in admin",
                Duration.ofSeconds(20),
                () -> asAdmin("GET", RBAC + "/clusterroles/admin", "").body().toJson(),
                role -> role.contains("x.io"));
    }

    @Test
    void writesWhatHappenedWithoutBodiesOrTokens() throws Exception {
        String token = accountWithView("bot");
        as(token, "GET", PODS + "?limit=5");
        as(token, "DELETE", PODS + "/p");
        create(
                "/api/v1/namespaces/default/secrets",
                "{'metadata':{'name':'s'},'stringData':{'k':'very-secret'}}");
        server.close();

        String log = Files.readString(folder.resolve("log/audit.log"));
        assertThat(log)
                .contains("\"username\":\"system:serviceaccount:default:bot\"")
                .contains(
                        "\"objectRef\":{\"resource\":\"secrets\",\"namespace\":\"default\","
                                + "\"name\":\"s\",")
                .contains("\"subresource\":\"token\"")
                .contains("\"code\":403")
                .doesNotContain("very-secret")
                .doesNotContain(token)
                .doesNotContain(token.substring(token.lastIndexOf('.') + 1));
        for (String line : log.lines().toList()) {
            assertThat(Json.parse(line)).isInstanceOf(JsonObject.class);
        }
    }

    private String accountWithView(String name) throws Exception {
        return accountWith("view", name);
    }

    /** A token of a new account that has the role in the namespace, and may use it. */
    private String accountWith(String role, String name) throws Exception {
        create(ACCOUNTS, "{'metadata':{'name':'" + name + "'}}");
        create(
                RBAC + "/namespaces/default/rolebindings",
                binding(name, role, "ServiceAccount", name + "','namespace':'default"));
        Answer made = asAdmin("POST", ACCOUNTS + "/" + name + "/token", "{'spec':{}}");
        assertThat(made.status()).as(made.message()).isEqualTo(201);
        String token = made.body().text("status", "token");
        Eventually.see(
                "the binding in force",
                Duration.ofSeconds(20),
                () -> as(token, "GET", PODS).status(),
                status -> status == 200);
        return token;
    }

    private static String binding(String name, String role, String kind, String subject) {
        return "{'metadata':{'name':'%s'},'roleRef':{'kind':'ClusterRole','name':'%s'},'subjects':[{'kind':'%s','name':'%s'}]}"
                .formatted(name, role, kind, subject);
    }

    private String uid(String path) throws Exception {
        return asAdmin("GET", path, "").body().text("metadata", "uid");
    }

    private void create(String path, String object) throws Exception {
        Answer answer = asAdmin("POST", path, object);
        assertThat(answer.status()).as(answer.message()).isEqualTo(201);
    }

    private Answer asAdmin(String method, String path, String body) throws Exception {
        return send(admin, method, path, body, Map.of());
    }

    private Answer as(String token, String method, String path) throws Exception {
        return send(nobody, method, path, "", bearer(token));
    }

    private static Map<String, String> bearer(String token) {
        return Map.of("authorization", "Bearer " + token);
    }

    private static Map<String, String> withType(Map<String, String> headers) {
        Map<String, String> all = new java.util.HashMap<>(headers);
        all.put("content-type", "application/merge-patch+json");
        return all;
    }

    private Answer send(
            HttpClient client, String method, String path, String body, Map<String, String> headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.url().resolve(path))
                        .timeout(Duration.ofSeconds(30))
                        .method(method, BodyPublishers.ofString(body.replace('\'', '"')));
        headers.forEach(request::header);
        var response = client.send(request.build(), BodyHandlers.ofString());
        String text = response.body();
        return new Answer(
                response.statusCode(),
                text.startsWith("{") ? TestingStore.json(text) : JsonObject.EMPTY);
    }
}
