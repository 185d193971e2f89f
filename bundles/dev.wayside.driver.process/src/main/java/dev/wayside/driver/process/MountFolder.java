// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A container's folder in which each mount is a symbolic link to its source. */
final class MountFolder {
    private MountFolder() {}

    /**
     * Makes the folder anew. No name in a target leads out of it, and nothing is written through a
     * link: links are leaves.
     */
    static void make(Path root, List<ContainerRequest.Mount> mounts)
            throws DriverException, IOException {
        Map<Path, Path> links = new TreeMap<>();
        for (ContainerRequest.Mount mount : mounts) {
            Path relative = relative(mount.target());
            if (links.put(relative, mount.source()) != null) {
                throw refused(mount.target(), "is the target of two mounts");
            }
            if (!Files.exists(mount.source())) {
                throw refused(mount.target(), "has no source on this device");
            }
        }
        for (Path target : links.keySet()) {
            for (Path above = target.getParent(); above != null; above = above.getParent()) {
                if (links.containsKey(above)) {
                    throw refused(
                            "/" + target,
                            "is inside the mount /" + above + ", which a host process cannot have");
                }
            }
        }
        DurableFiles.deleteTree(root);
        folder(root);
        for (Map.Entry<Path, Path> link : links.entrySet()) {
            Path at = root;
            Path parent = link.getKey().getParent();
            if (parent != null) {
                for (Path name : parent) {
                    at = at.resolve(name);
                    if (!Files.exists(at)) {
                        folder(at);
                    }
                }
            }
            Files.createSymbolicLink(root.resolve(link.getKey()), link.getValue());
        }
    }

    private static void folder(Path folder) throws IOException {
        Files.createDirectory(folder);
        // Set apart from creation, because the umask has a say there.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path relative(String target) throws DriverException {
        try {
            Path path = Path.of(target);
            for (Path name : path) {
                if (name.toString().equals("..")) {
                    throw refused(target, "contains \"..\"");
                }
            }
            Path normal = path.normalize();
            if (!path.isAbsolute() || normal.getNameCount() == 0) {
                throw refused(target, "must be an absolute path below /");
            }
            return normal.subpath(0, normal.getNameCount());
        } catch (InvalidPathException e) {
            throw refused(target, "is no path");
        }
    }

    private static DriverException refused(String target, String why) {
        return Failures.refused("CreateContainerError", "mountPath \"" + target + "\" " + why);
    }
}
