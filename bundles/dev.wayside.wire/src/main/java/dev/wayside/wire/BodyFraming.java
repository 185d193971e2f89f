// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;

/** How the parts of a streamed answer look to the codec. */
enum BodyFraming {
    HTTP {
        @Override
        Object part(ByteBuf bytes, boolean first, boolean last) {
            return new DefaultHttpContent(bytes);
        }

        @Override
        Object end() {
            return LastHttpContent.EMPTY_LAST_CONTENT;
        }
    },

    /** Each chunk is one text message; a long one goes in several frames. */
    WEB_SOCKET {
        @Override
        Object part(ByteBuf bytes, boolean first, boolean last) {
            return first
                    ? new TextWebSocketFrame(last, 0, bytes)
                    : new ContinuationWebSocketFrame(last, 0, bytes);
        }

        @Override
        Object end() {
            return new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE);
        }
    };

    /**
     * @param first whether it begins a chunk
     * @param last whether it ends one
     */
    abstract Object part(ByteBuf bytes, boolean first, boolean last);

    abstract Object end();
}
