// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpHandler;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.HttpResponse;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the Kubernetes API. Called on event loops; everything but the refusal of a request for
 * which there is no room happens on its own threads.
 */
public final class ApiServer implements HttpHandler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);

    /** Of such a body the tree of values may take a hundred times its length. */
    private static final int HEAVY_BYTES = 128 * 1024;

    private static final int MAX_HEAVY =
            (int) Math.max(1, Runtime.getRuntime().maxMemory() / (512L << 20));
    private static final Set<String> HEALTH = Set.of("/healthz", "/livez", "/readyz");

    /**
     * @param threads that answer requests
     * @param maxQueued requests that wait for one
     * @param maxPerClient requests of one client that wait or run
     * @param maxWatches open at the same time
     * @param maxWatchesPerUser of these, for one user
     * @param maxQueuedEvents per watch, before it is cut off
     */
    public record Limits(
            int threads,
            int maxQueued,
            int maxPerClient,
            int maxWatches,
            int maxWatchesPerUser,
            int maxQueuedEvents) {
        public static final Limits DEFAULT = new Limits(16, 2_000, 200, 100_000, 1_000, 4_096);
    }

    /**
     * What is served beside stored objects.
     *
     * @param responders by {@link dev.wayside.model.ResourceType#qualified()}, or by that and
     *     {@code /SUBRESOURCE}
     * @param pages documents by path
     * @param handlers of other paths
     * @param trouble what {@code /readyz} says instead of ok; {@code ""} for nothing
     * @param audit is told of every request
     * @param plans foretells what writes bring about
     */
    public record Extras(
            Map<String, Responder> responders,
            Map<String, Supplier<JsonObject>> pages,
            Map<String, PathHandler> handlers,
            Supplier<String> trouble,
            AuditTrail audit,
            ChangePlans plans) {
        public static final Extras NONE =
                new Extras(Map.of(), Map.of(), Map.of(), () -> "", entry -> {}, ChangePlans.NONE);

        public Extras {
            responders = Map.copyOf(responders);
            pages = Map.copyOf(pages);
            handlers = Map.copyOf(handlers);
        }
    }

    private final Kinds kinds;
    private final Extras extras;
    private final Impersonation impersonation;
    private final Clock clock;
    private final Authenticator authenticator;
    private final Authorizer authorizer;
    private final ApiDocuments documents;
    private final BooleanSupplier ready;
    private final WorkerPool workers;
    private final Watches watches;
    private final ReadRequests reads;
    private final WriteRequests writes;
    private final DeleteRequests deletes;
    private final ScaleRequests scales;

    /**
     * @param rules by {@link dev.wayside.model.ResourceType#qualified()}
     * @param ready what {@code /readyz} says
     */
    public ApiServer(
            ObjectStore store,
            Kinds kinds,
            Authenticator authenticator,
            Authorizer authorizer,
            Map<String, KindRules> rules,
            BooleanSupplier ready,
            Limits limits,
            Clock clock) {
        this(store, kinds, authenticator, authorizer, rules, Extras.NONE, ready, limits, clock);
    }

    public ApiServer(
            ObjectStore store,
            Kinds kinds,
            Authenticator authenticator,
            Authorizer authorizer,
            Map<String, KindRules> rules,
            Extras extras,
            BooleanSupplier ready,
            Limits limits,
            Clock clock) {
        this.kinds = kinds;
        this.extras = extras;
        this.impersonation = new Impersonation(authorizer);
        this.clock = clock;
        this.authenticator = authenticator;
        this.authorizer = authorizer;
        this.documents = new ApiDocuments(kinds);
        this.ready = ready;
        BodyDecoder decoder = new BodyDecoder();
        this.reads = new ReadRequests(store, clock);
        this.writes = new WriteRequests(store, authorizer, decoder, rules, extras.plans());
        this.deletes =
                new DeleteRequests(
                        store,
                        authorizer,
                        decoder,
                        reads,
                        new DisruptionBudgets(store, clock),
                        extras.plans());
        this.scales = new ScaleRequests(store, reads, authorizer, writes);
        this.workers =
                new WorkerPool(
                        limits.threads(), limits.maxQueued(), limits.maxPerClient(), MAX_HEAVY);
        this.watches =
                new Watches(
                        store,
                        limits.maxQueuedEvents(),
                        limits.maxWatches(),
                        limits.maxWatchesPerUser());
    }

    /** How many events of watches were encoded so far; each once for all that show it alike. */
    public long encodedEvents() {
        return reads.encodings();
    }

    public void start() {
        watches.start();
    }

    @Override
    public void handle(HttpRequest request, HttpExchange exchange) {
        boolean heavy = request.body().length > HEAVY_BYTES;
        AtomicBoolean gone = new AtomicBoolean();
        exchange.onClose(() -> gone.set(true));
        Runnable work =
                () -> {
                    // Who asks and resets, over and over, makes no work.
                    if (!gone.get()) {
                        answer(request, exchange);
                    }
                };
        if (!workers.submit(client(request), heavy, work)) {
            exchange.respond(
                    Responses.error(
                            new ApiException(
                                    Reason.TOO_MANY_REQUESTS,
                                    "the server has received too many requests and has asked us"
                                            + " to try again later")));
        }
    }

    /** What the listener itself refuses, in the same words as all else. */
    public static HttpResponse refusal(int status, String message) {
        for (Reason reason : Reason.values()) {
            if (reason.code() == status) {
                return Responses.error(new ApiException(reason, message));
            }
        }
        return Responses.text(status, message);
    }

    /** Ends the open watches, and takes no more. */
    public void endWatches() {
        watches.close();
    }

    /** Ends the open watches and the threads, within 8 s. */
    @Override
    public void close() {
        watches.close();
        workers.close();
    }

    private static String client(HttpRequest request) {
        return request.peer() != null
                ? request.peer().getSubjectX500Principal().getName()
                : String.valueOf(request.remote().getAddress());
    }

    private void answer(HttpRequest request, HttpExchange answered) {
        AuditedExchange exchange = new AuditedExchange(request, answered, extras.audit(), clock);
        try {
            serve(request, exchange);
        } catch (ApiException e) {
            respond(exchange, e);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            // Also what ran out of memory is answered: whose request it was must not wait for ever.
            // The path names objects, never their content.
            LOG.error("{} failed", request.method() + " " + pathOf(request), e);
            respond(exchange, new ApiException(Reason.INTERNAL, "Internal error occurred"));
        }
    }

    private static void respond(HttpExchange exchange, ApiException e) {
        try {
            exchange.respond(Responses.error(e));
        } catch (IllegalStateException answered) {
            LOG.debug("The answer had begun before it failed", answered);
        }
    }

    private static String pathOf(HttpRequest request) {
        int mark = request.target().indexOf('?');
        return mark < 0 ? request.target() : request.target().substring(0, mark);
    }

    private void serve(HttpRequest received, AuditedExchange exchange) {
        RequestInfo info = RequestInfo.parse(received.method(), received.target());
        exchange.asks(info);
        HttpRequest request = WebSockets.withToken(received);
        User shown = authenticator.authenticate(request, info);
        exchange.isFrom(shown);
        WebSockets.check(request, info, shown);
        User user = impersonation.effective(shown, request);
        exchange.isFrom(user);
        if (!info.resourceRequest()) {
            servePlain(request, info, user, exchange);
            return;
        }
        Authorizer.Decision decision = authorizer.authorize(user, info);
        if (!decision.allowed()) {
            throw user.isAnonymous()
                    ? new ApiException(Reason.UNAUTHORIZED, "Unauthorized")
                    : ApiStatus.forbidden(user, info, decision.why());
        }
        exchange.isAllowed(decision.why());
        KindDefinition kind =
                kinds.byPlural(info.group(), info.version(), info.resource())
                        .orElseThrow(RequestInfo::noSuchPath);
        checkPlace(kind, info);
        Negotiation.Form form = Negotiation.choose(request.header("accept"));
        dispatch(new Call(user, info, kind, request, form, exchange));
    }

    /** Namespaced objects are read one by one and written in their namespace only. */
    private static void checkPlace(KindDefinition kind, RequestInfo info) {
        boolean namespaced = kind.type().namespaced();
        if (!namespaced && !info.namespace().isEmpty()) {
            throw RequestInfo.noSuchPath();
        }
        if (namespaced && info.namespace().isEmpty()) {
            if (!info.name().isEmpty()) {
                throw RequestInfo.noSuchPath();
            }
            if (!info.verb().equals("list") && !info.verb().equals("watch")) {
                throw ApiStatus.methodNotAllowed();
            }
        }
    }

    private void dispatch(Call call) {
        String subresource = call.info().subresource();
        if (!subresource.isEmpty()) {
            dispatchSubresource(call, subresource);
            return;
        }
        if (!call.kind().stored()) {
            respond(call, call.type().qualified());
            return;
        }
        switch (call.info().verb()) {
            case "get" -> reads.get(call);
            case "list" -> reads.list(call);
            case "watch" -> watches.open(call, reads.presentation(call), authenticator, authorizer);
            case "create" -> {
                if (!call.info().name().isEmpty()) {
                    throw ApiStatus.methodNotAllowed();
                }
                writes.create(call);
            }
            case "update" -> writes.update(named(call));
            case "patch" -> writes.patch(named(call));
            case "delete" -> deletes.delete(call);
            case "deletecollection" -> deletes.deleteCollection(call);
            default -> throw ApiStatus.methodNotAllowed();
        }
    }

    private void respond(Call call, String resource) {
        Responder responder = extras.responders().get(resource);
        if (responder == null) {
            throw RequestInfo.noSuchPath();
        }
        boolean place = call.info().name().isEmpty() == call.info().subresource().isEmpty();
        if (!call.info().verb().equals("create") || !place) {
            throw ApiStatus.methodNotAllowed();
        }
        writes.respond(call, responder);
    }

    private static Call named(Call call) {
        if (call.info().name().isEmpty()) {
            throw ApiStatus.methodNotAllowed();
        }
        return call;
    }

    private void dispatchSubresource(Call call, String subresource) {
        if (!call.kind().subresources().contains(subresource)) {
            throw RequestInfo.noSuchPath();
        }
        String verb = call.info().verb();
        switch (subresource) {
            case "scale" -> {
                switch (verb) {
                    case "get" -> scales.get(call);
                    case "update" -> scales.update(call);
                    case "patch" -> scales.patch(call);
                    default -> throw ApiStatus.methodNotAllowed();
                }
            }
            case "binding" -> {
                if (!verb.equals("create")) {
                    throw ApiStatus.methodNotAllowed();
                }
                writes.bind(call);
            }
            case "eviction" -> {
                if (!verb.equals("create")) {
                    throw ApiStatus.methodNotAllowed();
                }
                deletes.evict(call);
            }
            case "token" -> respond(call, call.type().qualified() + "/token");
            default -> {
                switch (verb) {
                    case "get" -> reads.get(call);
                    case "update" -> writes.update(call);
                    case "patch" -> writes.patch(call);
                    default -> throw ApiStatus.methodNotAllowed();
                }
            }
        }
    }

    /** With 500, as Kubernetes has it, kubectl shows the reason. */
    private HttpResponse readiness() {
        if (!ready.getAsBoolean()) {
            return Responses.text(503, "not ready");
        }
        String trouble = extras.trouble().get();
        return trouble.isEmpty() ? Responses.text(200, "ok") : Responses.text(500, trouble);
    }

    private void servePlain(
            HttpRequest request, RequestInfo info, User user, AuditedExchange exchange) {
        String path = info.path();
        boolean known = HEALTH.contains(path) || path.equals("/version");
        if (!known && user.isAnonymous()) {
            throw new ApiException(Reason.UNAUTHORIZED, "Unauthorized");
        }
        if (!known) {
            Authorizer.Decision decision = authorizer.authorize(user, info);
            if (!decision.allowed()) {
                throw ApiStatus.forbidden(user, info, "");
            }
            exchange.isAllowed(decision.why());
        }
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            throw known ? ApiStatus.methodNotAllowed() : RequestInfo.noSuchPath();
        }
        if (HEALTH.contains(path)) {
            exchange.respond(path.equals("/readyz") ? readiness() : Responses.text(200, "ok"));
            return;
        }
        if (path.equals("/version")) {
            exchange.respond(Responses.json(200, Version.asJson()));
            return;
        }
        PathHandler handler = extras.handlers().get(path);
        if (handler != null) {
            handler.handle(request, exchange);
            return;
        }
        Supplier<JsonObject> page = extras.pages().get(path);
        exchange.respond(
                page == null ? documents.answer(request, info) : Responses.json(200, page.get()));
    }
}
