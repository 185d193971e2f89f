// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import org.h2.store.fs.FileBase;
import org.jspecify.annotations.Nullable;

/** An open file on a {@link LossyDisk}; of no use after the next cut. */
final class LossyChannel extends FileBase {
    private final LossyDisk disk;
    private final LossyFile file;
    private final int cuts;
    private long position;
    private boolean holdsLock;

    LossyChannel(LossyDisk disk, LossyFile file) {
        this.disk = disk;
        this.file = file;
        this.cuts = disk.cuts();
    }

    private void refuseIfCut() throws IOException {
        if (cuts != disk.cuts()) {
            throw new IOException("the power was cut");
        }
    }

    @Override
    public synchronized int read(ByteBuffer dst) throws IOException {
        int count = read(dst, position);
        position += Math.max(count, 0);
        return count;
    }

    @Override
    public synchronized int read(ByteBuffer dst, long from) throws IOException {
        synchronized (disk) {
            refuseIfCut();
            byte[] bytes = new byte[dst.remaining()];
            int count = file.read(from, bytes);
            if (count > 0) {
                dst.put(bytes, 0, count);
            }
            return count;
        }
    }

    @Override
    public synchronized int write(ByteBuffer src) throws IOException {
        int count = write(src, position);
        position += count;
        return count;
    }

    @Override
    public synchronized int write(ByteBuffer src, long to) throws IOException {
        synchronized (disk) {
            refuseIfCut();
            disk.refuseIfFull(to + src.remaining() - file.size());
            byte[] bytes = new byte[src.remaining()];
            src.get(bytes);
            file.write(to, bytes);
            disk.step();
            return bytes.length;
        }
    }

    @Override
    public synchronized long position() {
        return position;
    }

    @Override
    public synchronized FileChannel position(long newPosition) {
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        synchronized (disk) {
            refuseIfCut();
            return file.size();
        }
    }

    @Override
    public synchronized FileChannel truncate(long size) throws IOException {
        synchronized (disk) {
            refuseIfCut();
            file.truncate(size);
            disk.step();
        }
        position = Math.min(position, size);
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        synchronized (disk) {
            refuseIfCut();
            disk.sync(file);
        }
    }

    @Override
    public @Nullable FileLock tryLock(long from, long size, boolean shared) throws IOException {
        synchronized (disk) {
            refuseIfCut();
            if (!file.lock()) {
                return null;
            }
            holdsLock = true;
            return new FileLock(this, from, size, shared) {
                @Override
                public boolean isValid() {
                    return true;
                }

                @Override
                public void release() {
                    unlock();
                }
            };
        }
    }

    private void unlock() {
        synchronized (disk) {
            if (holdsLock && cuts == disk.cuts()) {
                file.unlock();
            }
            holdsLock = false;
        }
    }

    @Override
    protected void implCloseChannel() {
        unlock();
    }
}
