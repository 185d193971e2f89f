// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.model.KubeObject;
import dev.wayside.wire.HttpResponse;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads a whole list, page by page. Either all of it, as of one revision, or nothing: a list with a
 * page missing says nothing about what is not in it.
 */
final class Listing {
    /**
     * @param status 200 if the list is whole, else the HTTP status of the page that failed
     * @param revision as of which it is
     */
    record Result(int status, List<KubeObject> items, String revision) {}

    private static final int PAGE = 100;
    private static final int MAX_ITEMS = 5_000;
    private static final byte[] NO_BODY = new byte[0];
    private static final JsonLimits LIMITS = new JsonLimits(16 << 20, 300, 2_000_000);

    private final Upstream upstream;
    private final Scope scope;
    private final List<KubeObject> items = new ArrayList<>();
    private @Nullable String revision;

    private Listing(Upstream upstream, Scope scope) {
        this.upstream = upstream;
        this.scope = scope;
    }

    /** Reads; completes exceptionally if the connection is lost or an answer makes no sense. */
    static CompletableFuture<Result> read(Upstream upstream, Scope scope) {
        return new Listing(upstream, scope).page("");
    }

    private CompletableFuture<Result> page(String token) {
        String target =
                scope.target()
                        + "&limit="
                        + PAGE
                        + (token.isEmpty()
                                ? ""
                                : "&continue=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
        return upstream.send("GET", target, "", NO_BODY).thenCompose(this::take);
    }

    private CompletableFuture<Result> take(HttpResponse answer) {
        if (answer.status() != 200) {
            return CompletableFuture.completedFuture(new Result(answer.status(), List.of(), ""));
        }
        JsonObject list;
        try {
            list =
                    JsonReader.readObject(
                            answer.body(), LIMITS, JsonReader.DuplicateNames.LAST_WINS);
        } catch (JsonException e) {
            throw new IllegalStateException("a list that is no JSON", e);
        }
        String version = list.text("metadata", "resourceVersion");
        if (version.isEmpty() || (revision != null && !revision.equals(version))) {
            throw new IllegalStateException(
                    "the pages of a list are of different revisions: " + revision + ", " + version);
        }
        revision = version;
        for (JsonObject item : list.array("items").objects()) {
            KubeObject object = Slim.of(item, scope.type());
            if (!scope.holds(object)) {
                throw new IllegalStateException("a list holds what was not asked for: " + object);
            }
            items.add(object);
        }
        if (items.size() > MAX_ITEMS) {
            throw new IllegalStateException("a list of more than " + MAX_ITEMS + " objects");
        }
        String token = list.text("metadata", "continue");
        return token.isEmpty()
                ? CompletableFuture.completedFuture(new Result(200, items, version))
                : page(token);
    }
}
