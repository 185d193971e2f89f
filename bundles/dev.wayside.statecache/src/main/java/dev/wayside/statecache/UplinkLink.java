// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.link.LinkException;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.wire.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests of others over the uplink's connection: streams of their own, which wait for nothing of
 * ours.
 */
final class UplinkLink implements CloudLink {
    private final Supplier<@Nullable Upstream> current;

    UplinkLink(Supplier<@Nullable Upstream> current) {
        this.current = current;
    }

    @Override
    public CompletableFuture<JsonObject> send(String method, String path, JsonObject body) {
        Upstream upstream = current.get();
        if (upstream == null) {
            return CompletableFuture.failedFuture(
                    new LinkException(0, "no connection to the connector", null));
        }
        boolean empty = body.isEmpty();
        CompletableFuture<JsonObject> result = new CompletableFuture<>();
        var unused =
                upstream.send(
                                method,
                                path,
                                empty ? "" : contentType(method, path),
                                empty ? new byte[0] : body.toBytes())
                        .whenComplete(
                                (answer, failure) -> {
                                    try {
                                        result.complete(judge(method, path, answer, failure));
                                    } catch (LinkException e) {
                                        result.completeExceptionally(e);
                                    }
                                });
        return result;
    }

    @Override
    public boolean connected() {
        return current.get() != null;
    }

    private static JsonObject judge(
            String method, String path, @Nullable HttpResponse answer, @Nullable Throwable failure)
            throws LinkException {
        String what = method + " " + (path.contains("?") ? path.split("\\?")[0] : path);
        if (answer == null) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure;
            throw new LinkException(0, what + ": no answer", cause);
        }
        try {
            JsonObject body =
                    answer.body().length == 0
                            ? JsonObject.EMPTY
                            : JsonReader.readObject(
                                    answer.body(),
                                    JsonLimits.DEFAULT,
                                    JsonReader.DuplicateNames.LAST_WINS);
            if (answer.status() >= 200 && answer.status() < 300) {
                return body;
            }
            throw new LinkException(
                    answer.status(),
                    what + " is answered with " + answer.status() + ": " + body.text("message"),
                    null);
        } catch (JsonException e) {
            throw new LinkException(
                    answer.status(), what + ": the answer is no JSON (" + answer.status() + ")", e);
        }
    }

    private static String contentType(String method, String path) {
        return method.equals("PATCH") ? Couriers.patchType(path) : Couriers.JSON;
    }
}
