// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.wayside.connector.access.AccessReviews;
import dev.wayside.connector.access.DefaultRolesUpkeep;
import dev.wayside.connector.access.GrantRules;
import dev.wayside.connector.access.Rbac;
import dev.wayside.connector.access.SignerRules;
import dev.wayside.connector.account.AccountTokens;
import dev.wayside.connector.account.OpenIdPages;
import dev.wayside.connector.account.SigningKeys;
import dev.wayside.connector.account.TokenRequests;
import dev.wayside.connector.account.TokenReviews;
import dev.wayside.connector.apiserver.ApiServer;
import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.ChangePlans;
import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.Responder;
import dev.wayside.connector.audit.AuditLog;
import dev.wayside.connector.backup.Restoration;
import dev.wayside.connector.backup.StoreDownload;
import dev.wayside.connector.custom.DefinitionController;
import dev.wayside.connector.gateway.BoundObjects;
import dev.wayside.connector.gateway.ConnectorAuthorizer;
import dev.wayside.connector.gateway.NodeAuthorizer;
import dev.wayside.connector.pki.CertificateAuthenticator;
import dev.wayside.connector.pki.CertificateAuthority;
import dev.wayside.connector.pki.JoinTokens;
import dev.wayside.connector.pki.Joining;
import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.connector.pki.ServerCertificate;
import dev.wayside.connector.pki.Upkeep;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.schema.ReviewKind;
import dev.wayside.connector.schema.ServedKinds;
import dev.wayside.connector.storage.FirstClass;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.DataFolder;
import dev.wayside.connector.store.DurableFile;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.EncryptionKeys;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpServer;
import dev.wayside.wire.ServerLimits;
import dev.wayside.wire.ServerTls;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running connector: starts its parts in order, and closes them in reverse. */
public final class ConnectorServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectorServer.class);
    private static final int LOOPS = 2;
    private static final int FILES_KEPT = 500;
    private static final Duration FILL_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration STOP_GRACE = Duration.ofSeconds(2);

    private final ConnectorOptions options;
    private final Clock clock;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private volatile boolean ready;
    private volatile ChangePlans plans = ChangePlans.NONE;
    private volatile URI url = URI.create("https://127.0.0.1");

    private ConnectorServer(ConnectorOptions options, Clock clock) {
        this.options = options;
        this.clock = clock;
    }

    /**
     * Starts one, and returns when it is ready.
     *
     * @param controllers starts what acts upon the objects; closed before the store. If it is a
     *     {@link ChangePlans} too, it foretells what writes bring about
     * @throws IOException if the data folder or the port cannot be had; the message says which
     */
    public static ConnectorServer start(
            ConnectorOptions options,
            BiFunction<ObjectStore, Clock, ? extends AutoCloseable> controllers,
            Clock clock)
            throws IOException, InterruptedException {
        ConnectorServer server = new ConnectorServer(options, clock);
        try {
            server.start(controllers);
            return server;
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** Where it is reached from this machine. */
    public URI url() {
        return url;
    }

    private void start(BiFunction<ObjectStore, Clock, ? extends AutoCloseable> controllers)
            throws IOException, InterruptedException {
        Path data = Files.createDirectories(options.data());
        closing(DataFolder.lock(data));
        Restoration.settle(data);
        ServedKinds kinds = new ServedKinds(options.serviceRange());
        // The store locks its folder, so it comes before all else that writes there.
        EmbeddedObjectStore store =
                closing(
                        EmbeddedObjectStore.open(
                                data.resolve("store"),
                                kinds,
                                StoreSettings.DEFAULT,
                                EncryptionKeys.in(options.encryptionKeys()),
                                clock));
        Path pki = data.resolve("pki");
        CertificateAuthority authority = CertificateAuthority.open(pki, clock);
        ServerCertificate certificate =
                ServerCertificate.open(pki, authority, options.names(), clock);
        sayWhoIsOutOfRange(store);
        NamespaceRules namespaces = new NamespaceRules(store);
        namespaces.ensure();
        PriorityRules priorities = new PriorityRules(store);
        priorities.ensure();
        new DefaultRolesUpkeep(store).run();
        FirstClass.ensure(store);
        SigningKeys signingKeys = SigningKeys.open(pki, clock);
        AuditLog audit = closing(AuditLog.open(data.resolve("log/audit.log"), clock));

        JoinTokens tokens = new JoinTokens(store, clock);
        Joining joining =
                new Joining(
                        store,
                        authority,
                        tokens,
                        options.podCidrs(),
                        options.certificateLifetime(),
                        clock);
        joining.resume();
        DefinitionController definitions =
                closing(new DefinitionController(store, kinds.builtIn().all(), clock));
        definitions.start();
        BoundObjects bound = closing(new BoundObjects(store));
        bound.start();
        if (!bound.awaitComplete(FILL_TIMEOUT)) {
            throw new IOException("the store did not list its pods and nodes in time");
        }
        Rbac rbac = closing(new Rbac(store));
        rbac.start();
        if (!rbac.awaitComplete(FILL_TIMEOUT)) {
            throw new IOException("the store did not list its roles in time");
        }
        ConnectorAuthorizer authorizer =
                new ConnectorAuthorizer(new NodeAuthorizer(bound), rbac, tokens::mayRead, clock);
        AccountTokens accounts = new AccountTokens(store, signingKeys, clock);
        ApiServer api =
                closing(
                        new ApiServer(
                                store,
                                kinds,
                                new CertificateAuthenticator(
                                        tokens, accounts, bound::isCurrentNode, clock),
                                authorizer,
                                rules(
                                        joining,
                                        namespaces,
                                        priorities,
                                        definitions,
                                        rbac,
                                        authorizer),
                                new ApiServer.Extras(
                                        responders(
                                                store, kinds.builtIn(), accounts, rbac, authorizer),
                                        OpenIdPages.of(signingKeys, this::advertised),
                                        Map.of(StoreDownload.PATH, new StoreDownload(store, clock)),
                                        store::trouble,
                                        audit,
                                        ChangePlans.from(() -> plans)),
                                () -> ready,
                                ApiServer.Limits.DEFAULT,
                                clock));
        api.start();
        if (closing(controllers.apply(store, clock)) instanceof ChangePlans foretelling) {
            plans = foretelling;
        }
        Upkeep upkeep = closing(new Upkeep(store, certificate, signingKeys::renewIfDue, clock));
        upkeep.start();
        listen(api, certificate);
        Kubeconfig.ensure(options.kubeconfig(), authority, url, clock);
        publish(store, authority);
        ready = true;
        if (options.readyFile().isPresent()) {
            Path file = options.readyFile().get();
            closing(() -> Files.deleteIfExists(file));
            DurableFile.write(file, url + "\n");
        }
        LOG.info("Ready at {}", url);
    }

    /** Addresses are for life: another range is for new Services. */
    private void sayWhoIsOutOfRange(ObjectStore store) {
        List<String> outside =
                store.list(ListQuery.all(ResourceType.SERVICES)).items().stream()
                        .filter(service -> service.spec().text("clusterIP").contains("."))
                        .filter(
                                service ->
                                        !options.serviceRange()
                                                .holds(service.spec().text("clusterIP")))
                        .map(service -> service.namespace() + "/" + service.name())
                        .toList();
        if (!outside.isEmpty()) {
            LOG.warn(
                    "Services that keep an address outside of --service-cidr {}: {}, {} among them;"
                            + " delete and create one to move it",
                    options.serviceRange(),
                    outside.size(),
                    outside.get(0));
        }
    }

    private static Map<String, KindRules> rules(
            Joining joining,
            NamespaceRules namespaces,
            PriorityRules priorities,
            DefinitionController definitions,
            Rbac rbac,
            Authorizer authorizer) {
        Map<String, KindRules> rules = new HashMap<>(GrantRules.all(rbac, authorizer));
        rules.put(
                ResourceType.CERTIFICATE_SIGNING_REQUESTS.qualified(),
                new SignerRules(joining, authorizer));
        rules.put(ResourceType.NAMESPACES.qualified(), namespaces);
        rules.put(ResourceType.PODS.qualified(), priorities);
        rules.put(ResourceType.PRIORITY_CLASSES.qualified(), priorities);
        rules.put(ResourceType.CUSTOM_RESOURCE_DEFINITIONS.qualified(), definitions);
        return rules;
    }

    private static Map<String, Responder> responders(
            ObjectStore store,
            BuiltInKinds kinds,
            AccountTokens accounts,
            Rbac rbac,
            Authorizer authorizer) {
        Map<String, Responder> responders = new HashMap<>(AccessReviews.all(authorizer, rbac));
        responders.put(ReviewKind.TOKEN_REVIEWS.qualified(), new TokenReviews(accounts));
        responders.put(
                TokenRequests.RESOURCE, new TokenRequests(store, accounts, kinds.tokenRequest()));
        return responders;
    }

    /** Where it is reached from outside. */
    private String advertised() {
        return url(options.advertisedHost(), url.getPort()).toString();
    }

    private void listen(ApiServer api, ServerCertificate certificate) throws IOException {
        EventLoops loops = closing(new EventLoops("wayside-connector-listener", LOOPS));
        HttpServer listener =
                HttpServer.start(
                        options.listen(),
                        new ServerTls(certificate, clock::instant),
                        limits(),
                        ApiServer::refusal,
                        loops,
                        api);
        closing(
                () -> {
                    // Watches end by themselves, so that the listener need not wait for them.
                    api.endWatches();
                    listener.stop(STOP_GRACE);
                });
        int port = listener.address().getPort();
        url = url(options.localHost(), port);
    }

    /** No more connections than the process may open files, and some for the store. */
    private static ServerLimits limits() {
        ServerLimits limits = ServerLimits.connector();
        if (!(ManagementFactory.getOperatingSystemMXBean()
                instanceof UnixOperatingSystemMXBean system)) {
            return limits;
        }
        long room = Math.max(FILES_KEPT, system.getMaxFileDescriptorCount() - FILES_KEPT);
        if (room >= limits.maxConnections()) {
            return limits;
        }
        LOG.warn(
                "Only {} connections at once, since the process may open {} files: raise ulimit -n",
                room,
                system.getMaxFileDescriptorCount());
        return limits.withConnections((int) room, limits.maxStreams());
    }

    /** Where gateways find the connector and how they know it, for whoever makes join tokens. */
    private void publish(ObjectStore store, CertificateAuthority authority) {
        KubeObject wanted =
                KubeObject.of(ResourceType.CONFIG_MAPS, "kube-public", "wayside-connector")
                        .with(
                                "data",
                                JsonObject.builder()
                                        .put("url", advertised())
                                        .put("caHash", authority.pin())
                                        .build());
        WriteOptions writer = WriteOptions.by("wayside-connector");
        try {
            store.create(ResourceType.CONFIG_MAPS, wanted, writer);
        } catch (ApiException e) {
            if (e.reason() != ApiException.Reason.ALREADY_EXISTS) {
                throw e;
            }
            store.patch(
                    ResourceType.CONFIG_MAPS,
                    wanted.key(ResourceType.CONFIG_MAPS),
                    Patch.merge(JsonObject.of("data", wanted.json().object("data"))),
                    "",
                    writer);
        }
    }

    private static URI url(String host, int port) {
        return URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
    }

    private <T extends AutoCloseable> T closing(T part) {
        started.push(part);
        return part;
    }

    /** Stops within 10 s. */
    @Override
    public void close() {
        ready = false;
        while (!started.isEmpty()) {
            AutoCloseable part = started.pop();
            try {
                part.close();
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                LOG.error("A part did not close: {}", part.getClass().getSimpleName(), e);
            }
        }
    }
}
