;; Python's scipy minimizes a function of Lisp; a function that awaits Python is one as well.

(py.import "scipy.optimize" :as optimize)
(py.import "builtins" :as py)

(defn rosenbrock [point]                             ; scipy gives the point as an array
  (let [[x y] (.toList point)]
    (+ (** (- 1 x) 2) (* 100 (** (- y (* x x)) 2)))))

(let [found (optimize.minimize rosenbrock [-1.2 1] :method "Nelder-Mead" :tol 1e-8)
      [at low] (await-all found.x found.fun)]
  (print "minimum at" (join " " (map (fn [x] (.toFixed x 4)) (.toList at))))
  (print "value" (.toFixed low 4)))

(defn distance [n]
  (await (py.abs (- n 10))))                         ; runs in Python while `sorted` waits for it

(print "nearest to 10 first:" (await (py.sorted [1 8 25 11] :key distance)))
