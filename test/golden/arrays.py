"""arrays.py > arrays.json: files of arrays as NumPy writes them, in base64, and what is in them."""
import base64
import io
import json
import warnings
import zipfile

import numpy as np

maps = np.sin(np.arange(2 * 3 * 4, dtype=np.float64)).reshape(2, 3, 4)


def npy(array, version=(1, 0)):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version, allow_pickle=True)
    return out.getvalue()


def npz(save, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def archive(*members):
    """What np.savez never writes."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, 'w') as file:
        warnings.simplefilter('ignore')
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


one = npy(maps[0].astype('<f4'))
fields = np.zeros(2, dtype=[('x', '<f4'), ('y', '<f4')])
files = {
    'float16.npy': npy(maps.astype('<f2')),
    'float32.npy': npy(maps.astype('<f4')),
    'float64.npy': npy(maps),
    'uint8.npy': npy((100 + 100 * maps).astype('u1')),
    'int32.npy': npy((100 * maps).astype('<i4')),
    'version2.npy': npy(maps.astype('<f4'), (2, 0)),
    'version3.npy': npy(maps.astype('<f4'), (3, 0)),
    'channel.npy': npy(maps.astype('<f4')[:, None]),
    'one.npy': one,
    'bigEndian.npy': npy(maps.astype('>f4')),
    'columns.npy': npy(np.asfortranarray(maps.astype('<f4'))),
    'int64.npy': npy(np.arange(6).reshape(1, 2, 3)),
    'objects.npy': npy(np.array([None, 'x'], dtype=object)),
    'fields.npy': npy(fields),
    'vector.npy': npy(np.zeros(5, '<f4')),
    'empty.npy': npy(np.zeros((0, 3, 4), '<f4')),
    'stacked.npz': npz(np.savez, maps=maps.astype('<f4'), other=np.zeros(3)),
    'single.npz': npz(np.savez, anything=maps.astype('<f4')),
    'named.npz': npz(np.savez_compressed, **{'b': maps[1].astype('<f4'), 'a/x': maps[0, :2].astype('<f8')[None]}),
    'twice.npz': archive(('a.npy', one), ('b.npy', one), ('a.npy', one)),
    'surplus.npz': archive(('a.npy', one + bytes(4)), ('b.npy', one)),
    'embeddings.npz': npz(np.savez, image=maps[0], audio=maps[1]),
    'lonely.npz': npz(np.savez, image=maps[0]),
}
print(json.dumps({
    'maps': maps.astype('<f4').ravel().tolist(),
    'halves': maps.astype('<f2').astype('<f4').ravel().tolist(),
    'bytes': (100 + 100 * maps).astype('u1').ravel().tolist(),
    'integers': (100 * maps).astype('<i4').ravel().tolist(),
    'files': {name: base64.b64encode(content).decode() for name, content in files.items()},
}))
