// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpResponse;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Know how each kind of report is sent, and what an answer means for it. */
final class Couriers {
    /** What became of a report. */
    enum Outcome {
        /** The connector has it, or will never want it. */
        DONE,
        /** To be tried again. */
        RETRY
    }

    /** Sends one entry of a lane. */
    interface Courier {
        CompletableFuture<Outcome> send(Upstream upstream, String key, JsonObject entry);
    }

    static final String JSON = "application/json";
    static final String MERGE_PATCH = "application/merge-patch+json";
    static final String STRATEGIC_PATCH = "application/strategic-merge-patch+json";

    private static final Logger LOG = LoggerFactory.getLogger(Couriers.class);
    private static final byte[] NO_BODY = new byte[0];

    private final StateStore store;
    private final String nodeName;

    Couriers(StateStore store, String nodeName) {
        this.store = store;
        this.nodeName = nodeName;
    }

    /** A patch of the status, with the UID in metadata as precondition. */
    CompletableFuture<Outcome> status(Upstream upstream, String key, JsonObject entry) {
        JsonObject there =
                store.get(Keys.object(Keys.objectKey(key)))
                        .filter(it -> it.text("metadata", "uid").equals(Keys.uid(key)))
                        .map(it -> it.object("status"))
                        .orElse(JsonObject.EMPTY);
        return status(upstream, key, there, entry.object("status"), true);
    }

    /**
     * @param there what is known of the status that the connector has
     * @param look whether the answer shows that it had another, and what is still to be changed
     */
    private CompletableFuture<Outcome> status(
            Upstream upstream, String key, JsonObject there, JsonObject wanted, boolean look) {
        ObjectKey object = Keys.objectKey(key);
        String uid = Keys.uid(key);
        String type = patchType(path(object));
        StatusPatch patch = new StatusPatch(type.equals(STRATEGIC_PATCH));
        JsonObject body =
                JsonObject.builder()
                        .put("metadata", JsonObject.of("uid", uid))
                        .put("status", patch.from(there, wanted))
                        .build();
        return upstream.send("PATCH", path(object) + "/status", type, body.toBytes())
                .thenCompose(
                        answer ->
                                switch (answer.status()) {
                                    case 200 -> {
                                        JsonObject now = object(answer).object("status");
                                        yield look && !patch.from(now, wanted).isEmpty()
                                                ? status(upstream, key, now, wanted, false)
                                                : done();
                                    }
                                    case 404 -> done();
                                    case 409 -> isStillThere(upstream, object, uid);
                                    case 403 -> done(forbidden(answer, key, false));
                                    default -> done(judge(answer, key, false));
                                });
    }

    /** Whether the object at the connector says what we have reported. */
    static boolean says(ObjectKey key, JsonObject there, JsonObject reported) {
        boolean strategic = patchType(path(key)).equals(STRATEGIC_PATCH);
        return new StatusPatch(strategic).from(there, reported).isEmpty();
    }

    /** Kubernetes' own groups have strategic patches; kinds that others define have not. */
    static String patchType(String path) {
        String group = path.startsWith("/apis/") ? path.split("/")[2] : "";
        boolean others = group.indexOf('.') >= 0 && !group.endsWith(".k8s.io");
        return others ? MERGE_PATCH : STRATEGIC_PATCH;
    }

    /** A deletion with grace 0 and the UID as precondition. */
    CompletableFuture<Outcome> deletion(Upstream upstream, String key, JsonObject entry) {
        ObjectKey object = Keys.objectKey(key);
        String uid = Keys.uid(key);
        JsonObject options =
                JsonObject.builder()
                        .put("apiVersion", "v1")
                        .put("kind", "DeleteOptions")
                        .put("gracePeriodSeconds", 0)
                        .put("preconditions", JsonObject.of("uid", uid))
                        .build();
        return upstream.send("DELETE", path(object), JSON, options.toBytes())
                .thenCompose(
                        answer ->
                                switch (answer.status()) {
                                    case 404 -> done();
                                    case 409 -> isStillThere(upstream, object, uid);
                                    case 403 -> done(forbidden(answer, key, true));
                                    default -> done(judge(answer, key, true));
                                });
    }

    /** Creates the event; if it is there from before, raises its count. */
    CompletableFuture<Outcome> event(Upstream upstream, String key, JsonObject entry) {
        String namespace = entry.text("namespace").isEmpty() ? "default" : entry.text("namespace");
        String name = entry.text("name") + "." + key.substring(Keys.EVENTS.length());
        String collection = ResourceType.EVENTS.path(namespace);
        if (entry.number("sent").orElse(0) > 0) {
            return raise(upstream, collection + "/" + name, entry)
                    .thenCompose(
                            answer ->
                                    answer.status() == 404
                                            ? create(upstream, namespace, name, key, entry)
                                            : done(judge(answer, key, false)));
        }
        return create(upstream, namespace, name, key, entry);
    }

    private CompletableFuture<Outcome> create(
            Upstream upstream, String namespace, String name, String key, JsonObject entry) {
        String collection = ResourceType.EVENTS.path(namespace);
        return upstream.send("POST", collection, JSON, event(namespace, name, entry).toBytes())
                .thenCompose(
                        answer ->
                                answer.status() == 409
                                        ? raise(upstream, collection + "/" + name, entry)
                                                .thenApply(raised -> judge(raised, key, false))
                                        : done(judge(answer, key, false)));
    }

    private static CompletableFuture<HttpResponse> raise(
            Upstream upstream, String path, JsonObject entry) {
        JsonObject patch =
                JsonObject.EMPTY
                        .with("count", entry.number("count").orElse(1))
                        .with("lastTimestamp", entry.text("last"));
        return upstream.send("PATCH", path, MERGE_PATCH, patch.toBytes());
    }

    private JsonObject event(String namespace, String name, JsonObject entry) {
        JsonObject about =
                JsonObject.builder()
                        .put("apiVersion", "v1")
                        .put("kind", entry.text("kind"))
                        .putUnlessEmpty("namespace", entry.text("namespace"))
                        .put("name", entry.text("name"))
                        .put("uid", entry.text("uid"))
                        .build();
        return JsonObject.builder()
                .put("apiVersion", "v1")
                .put("kind", "Event")
                .put("metadata", JsonObject.of("name", name).with("namespace", namespace))
                .put("involvedObject", about)
                .put("type", entry.text("type"))
                .put("reason", entry.text("reason"))
                .put("message", entry.text("message"))
                .put("source", JsonObject.of("component", "wayside").with("host", nodeName))
                .put("firstTimestamp", entry.text("first"))
                .put("lastTimestamp", entry.text("last"))
                .put("count", entry.number("count").orElse(1))
                .put("reportingComponent", "wayside.dev/gateway")
                .put("reportingInstance", nodeName)
                .build();
    }

    /** After a conflict: is it about the UID, or did somebody write in between? */
    private CompletableFuture<Outcome> isStillThere(
            Upstream upstream, ObjectKey object, String uid) {
        return upstream.send("GET", path(object), "", NO_BODY)
                .thenApply(
                        answer -> {
                            boolean gone =
                                    answer.status() == 404
                                            || (answer.status() == 200
                                                    && !uidOf(answer).equals(uid));
                            return gone ? Outcome.DONE : Outcome.RETRY;
                        });
    }

    /**
     * To a gateway an object that is gone, or bound elsewhere, is as forbidden as any other that is
     * not its own. If our watch has said that it is gone, there is nothing left to report.
     */
    private Outcome forbidden(HttpResponse answer, String key, boolean keep) {
        boolean here =
                store.get(Keys.object(Keys.objectKey(key)))
                        .filter(it -> it.text("metadata", "uid").equals(Keys.uid(key)))
                        .isPresent();
        return here ? judge(answer, key, keep) : Outcome.DONE;
    }

    private static String uidOf(HttpResponse answer) {
        return object(answer).text("metadata", "uid");
    }

    private static JsonObject object(HttpResponse answer) {
        try {
            return JsonReader.readObject(
                    answer.body(), JsonLimits.DEFAULT, JsonReader.DuplicateNames.LAST_WINS);
        } catch (JsonException e) {
            throw new IllegalStateException("an answer that is no JSON", e);
        }
    }

    /**
     * @param keep whether a refusal is asked again: deletions are never dropped for want of a right
     */
    private static Outcome judge(HttpResponse answer, String key, boolean keep) {
        int status = answer.status();
        if (status >= 200 && status < 300) {
            return Outcome.DONE;
        }
        boolean refused = status >= 400 && status < 500;
        boolean passing = status == 401 || status == 408 || status == 429;
        if (!refused || passing || (keep && status == 403)) {
            return Outcome.RETRY;
        }
        LOG.warn("The connector does not take the report {} ({}): dropped", key, status);
        return Outcome.DONE;
    }

    private static CompletableFuture<Outcome> done() {
        return done(Outcome.DONE);
    }

    private static CompletableFuture<Outcome> done(Outcome outcome) {
        return CompletableFuture.completedFuture(outcome);
    }

    private static String path(ObjectKey object) {
        try {
            return Kinds.of(object).path(object.namespace(), object.name());
        } catch (StateException e) {
            throw new IllegalStateException("the outbox takes only kinds that it knows", e);
        }
    }
}
