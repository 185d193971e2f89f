// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing.storage;

import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import org.h2.store.fs.FilePath;

/** A name on a {@link LossyDisk}. There is one folder, the root, which is always there. */
final class LossyPath extends FilePath {
    private final LossyDisk disk;

    LossyPath(LossyDisk disk, String name) {
        this.disk = disk;
        this.name = name;
    }

    private String root() {
        return disk.scheme() + ":/";
    }

    @Override
    public String getScheme() {
        return disk.scheme();
    }

    @Override
    public FilePath getPath(String path) {
        return new LossyPath(disk, path);
    }

    @Override
    public long size() {
        synchronized (disk) {
            LossyFile file = disk.files().get(name);
            return file == null ? 0 : file.size();
        }
    }

    @Override
    public void moveTo(FilePath newName, boolean atomicReplace) {
        synchronized (disk) {
            LossyFile file = disk.files().remove(name);
            if (file == null) {
                throw new IllegalStateException("there is no " + name);
            }
            disk.files().put(newName.name, file);
        }
    }

    @Override
    public boolean createFile() {
        synchronized (disk) {
            return disk.files().putIfAbsent(name, new LossyFile()) == null;
        }
    }

    @Override
    public boolean exists() {
        synchronized (disk) {
            return isDirectory() || disk.files().containsKey(name);
        }
    }

    @Override
    public void delete() {
        synchronized (disk) {
            disk.files().remove(name);
        }
    }

    @Override
    public List<FilePath> newDirectoryStream() {
        synchronized (disk) {
            List<FilePath> paths = new ArrayList<>();
            disk.files().keySet().forEach(path -> paths.add(new LossyPath(disk, path)));
            return paths;
        }
    }

    @Override
    public FilePath toRealPath() {
        return this;
    }

    @Override
    public FilePath getParent() {
        return new LossyPath(disk, root());
    }

    @Override
    public boolean isDirectory() {
        return name.equals(root());
    }

    @Override
    public boolean isRegularFile() {
        return !isDirectory() && exists();
    }

    @Override
    public boolean isAbsolute() {
        return true;
    }

    @Override
    public long lastModified() {
        return 0;
    }

    @Override
    public boolean canWrite() {
        return true;
    }

    @Override
    public void createDirectory() {
        // Only the root is there, and it always is.
    }

    @Override
    public FileChannel open(String mode) {
        synchronized (disk) {
            return new LossyChannel(
                    disk, disk.files().computeIfAbsent(name, path -> new LossyFile()));
        }
    }

    @Override
    public boolean setReadOnly() {
        return false;
    }
}
