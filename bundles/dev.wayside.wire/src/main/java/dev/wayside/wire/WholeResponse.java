// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Collects a streamed response, up to a limit. */
final class WholeResponse implements StreamListener {
    private final int maxBodyBytes;
    private final CompletableFuture<HttpResponse> result;
    private final BodyBuffer body = new BodyBuffer();
    private int status;
    private Map<String, String> headers = Map.of();

    WholeResponse(int maxBodyBytes, CompletableFuture<HttpResponse> result) {
        this.maxBodyBytes = maxBodyBytes;
        this.result = result;
    }

    @Override
    public void onHeaders(int status, Map<String, String> headers) {
        this.status = status;
        this.headers = headers;
    }

    @Override
    public boolean onData(byte[] chunk) {
        if (chunk.length > maxBodyBytes - body.length()) {
            // Completed before the caller's completion handler resets the stream.
            result.completeExceptionally(
                    new IOException("the answer is longer than " + maxBodyBytes + " bytes"));
            return false;
        }
        ByteBuf wrapped = Unpooled.wrappedBuffer(chunk);
        body.add(wrapped);
        return true;
    }

    @Override
    public void onEnd() {
        result.complete(new HttpResponse(status, headers, body.take()));
    }

    @Override
    public void onError(Throwable cause) {
        result.completeExceptionally(cause);
    }
}
