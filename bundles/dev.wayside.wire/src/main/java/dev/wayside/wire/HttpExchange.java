// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.util.Map;

/** Where the answer to one request goes. Safe for any thread. */
public interface HttpExchange {
    /**
     * Sends a whole answer.
     *
     * @throws IllegalStateException if there was an answer already
     */
    void respond(HttpResponse response);

    /**
     * Begins an answer of unknown length (chunked in HTTP/1.1, DATA frames in HTTP/2).
     *
     * @throws IllegalStateException if there was an answer already
     */
    ResponseStream stream(int status, Map<String, String> headers);

    /**
     * Takes up the WebSocket that the request asks for. Each chunk written is one text message,
     * {@link ResponseStream#end} closes it as normal (1000), {@link ResponseStream#abort} without a
     * word. Pings are answered; whatever else the peer says is dropped.
     *
     * @param protocol the sub-protocol, of those that the request names; {@code ""} for none
     * @throws IllegalStateException if there was an answer already, or if the request asks for no
     *     WebSocket or {@link WebSocketRequest#fault} is not empty
     */
    ResponseStream webSocket(String protocol);

    /**
     * Runs the action once when the exchange is over: answered, or the peer has gone. At once if it
     * is over already.
     */
    void onClose(Runnable action);

    /**
     * The body of an answer in the making. Safe for any thread; chunks arrive in the order of the
     * calls.
     */
    interface ResponseStream {
        /**
         * Queues a chunk. Dropped silently once the peer has gone.
         *
         * @return whether there is room for more; if not, wait for {@link #onWritable}
         */
        boolean write(byte[] chunk);

        /**
         * Sets what to run, on the event loop, each time there is room again after there was none.
         */
        void onWritable(Runnable action);

        /** Ends the answer as complete. */
        void end();

        /** Breaks it off, so that the peer knows that it is not complete. */
        void abort();
    }
}
