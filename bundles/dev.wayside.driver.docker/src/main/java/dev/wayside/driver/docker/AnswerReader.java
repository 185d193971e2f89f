// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Gathers one answer, bounded; a good one line by line if lines are wanted. */
final class AnswerReader extends SimpleChannelInboundHandler<HttpObject> {
    private static final int MAX_LINE = 256 * 1024;

    private final CompletableFuture<DockerSocket.Answer> answer;
    private final @Nullable Consumer<byte[]> line;
    private final int maxBody;
    private final boolean cut;
    private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
    private int status;

    /**
     * @param cut whether what exceeds {@code maxBody} is thrown away; otherwise it is an error
     */
    AnswerReader(
            CompletableFuture<DockerSocket.Answer> answer,
            @Nullable Consumer<byte[]> line,
            int maxBody,
            boolean cut) {
        this.answer = answer;
        this.line = line;
        this.maxBody = maxBody;
        this.cut = cut;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) throws IOException {
        if (part.decoderResult().isFailure()) {
            throw new IOException("not HTTP", part.decoderResult().cause());
        }
        if (part instanceof HttpResponse response) {
            status = response.status().code();
        }
        if (part instanceof HttpContent content) {
            if (line != null && status < 300) {
                split(content.content(), line);
            } else {
                gather(content.content(), content.content().readableBytes(), maxBody);
            }
        }
        if (part instanceof LastHttpContent) {
            if (line != null && status < 300 && gathered.size() > 0) {
                line.accept(gathered.toByteArray());
                gathered.reset();
            }
            answer.complete(new DockerSocket.Answer(status, gathered.toByteArray()));
            var unused = context.close();
        }
    }

    private void split(ByteBuf bytes, Consumer<byte[]> whole) throws IOException {
        while (bytes.isReadable()) {
            int length = bytes.bytesBefore((byte) '\n');
            gather(bytes, length < 0 ? bytes.readableBytes() : length, MAX_LINE);
            if (length >= 0) {
                bytes.skipBytes(1);
                if (gathered.size() > 0) {
                    whole.accept(gathered.toByteArray());
                }
                gathered.reset();
            }
        }
    }

    private void gather(ByteBuf bytes, int length, int most) throws IOException {
        int room = most - gathered.size();
        if (length > room && !cut) {
            throw new IOException("the engine's answer is longer than " + most + " bytes");
        }
        bytes.readBytes(gathered, Math.min(length, room));
        bytes.skipBytes(Math.max(0, length - room));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        answer.completeExceptionally(new IOException("the engine closed the connection"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        answer.completeExceptionally(cause);
        var unused = context.close();
    }
}
